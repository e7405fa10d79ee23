#!/bin/sh
# Makes up what opens the other services, once: nothing of it is written anywhere but into this project's volumes.
set -eu
# podman 4 starts it again with whoever needs it, who then has to find it running
trap 'code=$?; sleep 3; exit "$code"' EXIT
umask 077
made() {
  [ ! -s "$1" ] || return 0
  head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$1.new"
  [ -s "$1.new" ] || exit 1
  mv "$1.new" "$1"
}
made /run/root/token
made /run/issuer/glesys-api-key
made /run/rekeyd/http-token
# whom all the others run as
chown -R 10001:10001 /run/root /run/rekeyd /run/issuer /run/agent /run/consumer
