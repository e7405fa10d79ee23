#!/bin/sh
# What an operator does once: the rights of rekeyd and of a consumer's Vault Agent, and an AppRole for each.
set -eu
VAULT_TOKEN=$(cat /run/root/token)
export VAULT_TOKEN
# podman starts it again with whoever depends on it
[ ! -s /run/agent/secret-id ] || exit 0
until vault status >/dev/null 2>&1; do sleep 0.2; done

/deploy/vault/setup-approle.sh
/deploy/vault/approle-credentials.sh /run/rekeyd
chown 10001:10001 /run/rekeyd/role-id /run/rekeyd/secret-id

vault policy write consumer - <<'POLICY'
path "secret/data/apps/billing/*" { capabilities = ["read"] }
POLICY
vault write auth/approle/role/consumer token_policies=consumer token_ttl=1h
vault read -field=role_id auth/approle/role/consumer/role-id >/run/agent/role-id
vault write -force -field=secret_id auth/approle/role/consumer/secret-id >/run/agent/secret-id
