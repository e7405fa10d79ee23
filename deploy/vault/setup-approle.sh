#!/bin/sh
# An AppRole for rekeyd. Its credentials are made by approle-credentials.sh.
#
#   REKEYD_SECRET_ID_TTL  for how long a SecretID is good (0: until it is destroyed)
set -eu
. "$(dirname "$0")/common.sh"

auth_path=${REKEYD_AUTH_PATH:-approle}
write_policy
enable approle "$auth_path"
# rekeyd logs in again and again with the same SecretID, so the number of its uses is not limited.
"$cli" write "auth/$auth_path/role/$name" \
  token_policies="$name" token_ttl="$token_ttl" token_max_ttl="$token_max_ttl" \
  secret_id_num_uses=0 secret_id_ttl="${REKEYD_SECRET_ID_TTL:-0}"
echo "next: approle-credentials.sh FOLDER"
