#!/bin/sh
# Makes up what opens the other services, once: nothing of it is written anywhere but into this project's volumes.
set -eu
made() {
  [ -s "$1" ] || head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$1"
}
made /run/root/token
made /run/rekeyd/glesys-api-key
made /run/rekeyd/http-token
# whom rekeyd and the consumers run as
chown -R 10001:10001 /run/rekeyd /run/consumer
chmod 500 /run/rekeyd
