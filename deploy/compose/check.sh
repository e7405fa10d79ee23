#!/bin/sh
# Watches docker-compose.yml until its consumer has lived through ten rotations: check.sh [ROTATIONS]
# Ends with 1 as soon as it was refused, or when it takes too long.
#
#   COMPOSE   the command (docker compose; podman-compose does as well)
set -eu
cd "$(dirname "$0")/../.."
compose=${COMPOSE:-docker compose}
wanted=${1:-10}
# two seconds each, and a rotation every 22 at most
looks_left=$((60 + 12 * wanted))

last_line() {
  $compose logs consumer 2>&1 |
    sed -n 's/.*requests \([0-9]*\) refusals \([0-9]*\) keys \([0-9]*\).*/\1 \2 \3/p' | tail -n 1
}

$compose version >/dev/null
said=
while [ "$looks_left" -gt 0 ]; do
  looks_left=$((looks_left - 1))
  set -- $(last_line)
  requests=${1:-0} refusals=${2:-0} keys=${3:-0}
  rotations=$((keys > 0 ? keys - 1 : 0))
  if [ "$said" != "$rotations" ]; then
    said=$rotations
    echo "$rotations of $wanted rotations, $requests requests, $refusals refusals"
  fi
  if [ "$refusals" -gt 0 ]; then
    $compose logs consumer 2>&1 | grep 'refused with' | head -n 3 >&2
    echo "refused: see $compose logs consumer rekeyd" >&2
    exit 1
  fi
  [ "$rotations" -lt "$wanted" ] || exit 0
  sleep 2
done
echo "too slow: see $compose logs" >&2
exit 1
