#!/bin/sh
# What an operator does once: the rights of rekeyd and of a consumer's Vault Agent, and an AppRole for each.
set -eu
# podman 4 starts it again with whoever needs it, who then has to find it running
trap 'code=$?; sleep 3; exit "$code"' EXIT
VAULT_TOKEN=$(cat /run/root/token)
export VAULT_TOKEN
looks=0
until vault status >/dev/null 2>&1; do
  looks=$((looks + 1))
  [ "$looks" -lt 300 ] || { echo "no Vault at $VAULT_ADDR" >&2; exit 1; }
  sleep 0.2
done
# done already; but a Vault that was started again has forgotten everything
! vault read auth/approle/role/consumer >/dev/null 2>&1 || exit 0
rm -f /run/consumer/env

/deploy/vault/setup-approle.sh
/deploy/vault/approle-credentials.sh /run/rekeyd

vault policy write consumer - <<'POLICY'
path "secret/data/apps/billing/*" { capabilities = ["read"] }
POLICY
umask 077
vault write auth/approle/role/consumer token_policies=consumer token_ttl=1h
vault read -field=role_id auth/approle/role/consumer/role-id >/run/agent/role-id
vault write -force -field=secret_id auth/approle/role/consumer/secret-id >/run/agent/secret-id
chown 10001:10001 /run/rekeyd/* /run/agent/*
