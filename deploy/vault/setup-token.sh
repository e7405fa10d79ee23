#!/bin/sh
# A token for rekeyd, for where no login method can be had: setup-token.sh FILE
#
# It is renewed by rekeyd and never ends while rekeyd runs. It has no parent, so it outlives the token that made it.
# rekeyd renews it at two thirds of its period at the latest: it survives rekeyd being away for a third of it.
# Needs the rights of root, or `update` and `sudo` on auth/token/create.
#
#   REKEYD_TOKEN_PERIOD   for how long it lives without being renewed (72h)
set -eu
. "$(dirname "$0")/common.sh"

file=${1:?the file that the token is to be kept in}
room_for "$file"
write_policy
token=$("$cli" token create -orphan -policy="$name" -period="${REKEYD_TOKEN_PERIOD:-72h}" \
  -display-name="$name" -field=token)
printf '%s' "$token" | keep "$file"
echo "vault.auth: { method: token, token: { file: $file } }"
