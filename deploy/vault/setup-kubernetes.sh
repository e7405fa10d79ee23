#!/bin/sh
# A role of the Kubernetes method for the service account of rekeyd's pods.
#
#   REKEYD_SERVICE_ACCOUNT   its name (rekeyd)
#   REKEYD_NAMESPACE         its namespace (rekeyd)
#   REKEYD_AUDIENCE          what its token is for, as deploy/kubernetes asks for it (vault)
#
# How Vault reaches the cluster is set only where KUBERNETES_HOST is given; others who log in there need it as it is.
#   KUBERNETES_HOST          https://kubernetes.default.svc for a Vault in the cluster
#   KUBERNETES_CA_FILE       PEM of who signed its certificate; a Vault in the cluster knows it
#   KUBERNETES_REVIEWER_FILE token of a service account with the cluster role system:auth-delegator, with which Vault
#                            asks about others; a Vault in the cluster has its own
set -eu
. "$(dirname "$0")/common.sh"

auth_path=${REKEYD_AUTH_PATH:-kubernetes}
write_policy
enable kubernetes "$auth_path"
if [ -n "${KUBERNETES_HOST:-}" ]; then
  # The API server is asked about every token; what its issuer calls itself differs from cluster to cluster.
  set -- kubernetes_host="$KUBERNETES_HOST" disable_iss_validation=true
  [ -z "${KUBERNETES_CA_FILE:-}" ] || set -- "$@" kubernetes_ca_cert=@"$KUBERNETES_CA_FILE"
  [ -z "${KUBERNETES_REVIEWER_FILE:-}" ] || set -- "$@" token_reviewer_jwt=@"$KUBERNETES_REVIEWER_FILE"
  "$cli" write "auth/$auth_path/config" "$@"
fi
"$cli" write "auth/$auth_path/role/$name" \
  bound_service_account_names="${REKEYD_SERVICE_ACCOUNT:-rekeyd}" \
  bound_service_account_namespaces="${REKEYD_NAMESPACE:-rekeyd}" \
  audience="${REKEYD_AUDIENCE:-vault}" \
  token_policies="$name" token_ttl="$token_ttl" token_max_ttl="$token_max_ttl"
echo "vault.auth: { method: kubernetes, role: $name, jwt: { file: /run/secrets/vault/token } }"
