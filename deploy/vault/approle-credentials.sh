#!/bin/sh
# Puts a RoleID and a new SecretID into files: approle-credentials.sh FOLDER
#
# Run again, it replaces the SecretID; rekeyd reads the files at each login. Older ones go on working until they are
# destroyed: vault write auth/approle/role/rekeyd/secret-id-accessor/destroy secret_id_accessor=… (`vault list
# auth/approle/role/rekeyd/secret-id` names them).
set -eu
. "$(dirname "$0")/common.sh"

folder=${1:?the folder that role-id and secret-id are to be kept in}
role=auth/${REKEYD_AUTH_PATH:-approle}/role/$name
room_for "$folder/role-id"
room_for "$folder/secret-id"
role_id=$("$cli" read -field=role_id "$role/role-id")
secret_id=$("$cli" write -force -field=secret_id "$role/secret-id")
printf '%s' "$role_id" | keep "$folder/role-id"
printf '%s' "$secret_id" | keep "$folder/secret-id"
echo "vault.auth: { method: approle, role_id: { file: $folder/role-id }, secret_id: { file: $folder/secret-id } }"
