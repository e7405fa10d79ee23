# What rekeyd may do in Vault: the least that it needs.
#
#   vault policy write rekeyd config/vault-policy.hcl
#   vault auth enable approle          (once per Vault; "path is already in use": it is enabled already)
#   vault write auth/approle/role/rekeyd token_policies=rekeyd token_ttl=1h token_max_ttl=24h
#   vault read -field=role_id auth/approle/role/rekeyd/role-id             (what vault.auth.role_id refers to)
#   vault write -field=secret_id -force auth/approle/role/rekeyd/secret-id (what vault.auth.secret_id refers to)
#
# Written for the mount `secret` and the paths below `apps/`. Change both to what stands in your policy file
# (`vault.mount` and the applications' `path`); with a `vault.namespace`, write it inside that namespace.
#
# The rest comes with Vault's own policy `default`, which every token has unless it was made without it: looking up and
# renewing its own token (auth/token/lookup-self, auth/token/renew-self) and asking what it may do
# (sys/capabilities-self). sys/health and sys/internal/ui/mounts need no right of their own.

# The secrets. `create` for an application's first version, `update` for every later one (and for one that was deleted).
# No `delete`, no `destroy`: a run never removes what stands at a path.
path "secret/data/apps/*" {
  capabilities = ["create", "read", "update"]
}

# The mirror for people (custom_metadata), and whether a path has a lifetime of its own (delete_version_after).
path "secret/metadata/apps/*" {
  capabilities = ["read", "patch"]
}

# Only for `rekeyd retire APP --delete-secret`, with whose login it is called: deletes versions, which can be undone.
#path "secret/delete/apps/*" {
#  capabilities = ["update"]
#}

# Whether the whole mount has one: an application whose secret would vanish before its time is not rotated.
path "secret/config" {
  capabilities = ["read"]
}
