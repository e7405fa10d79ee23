#!/bin/sh
# A role of the JWT method for whoever has a JWT with this subject and this audience.
#
#   REKEYD_JWT_SUBJECT      its `sub`, as in system:serviceaccount:rekeyd:rekeyd or spiffe://example.net/rekeyd
#   REKEYD_AUDIENCE         its `aud` (vault)
#
# Whose signatures count is set only where one of the first three is given; others who log in there need it as it is.
#   JWT_PUBLIC_KEY_FILE     PEM of the public key
#   JWT_JWKS_URL            or where they are published
#   JWT_DISCOVERY_URL       or the OpenID Connect issuer that says where
#   JWT_CA_FILE             PEM of who signed the certificate of either address; needed where the system does not know it
#   JWT_ISSUER              the `iss` that is accepted; without it the signature alone decides
set -eu
. "$(dirname "$0")/common.sh"

subject=${REKEYD_JWT_SUBJECT:?the subject of the JWT: without one, whoever else the same issuer knows could log in}
auth_path=${REKEYD_AUTH_PATH:-jwt}
write_policy
enable jwt "$auth_path"
set --
[ -z "${JWT_PUBLIC_KEY_FILE:-}" ] || set -- jwt_validation_pubkeys=@"$JWT_PUBLIC_KEY_FILE"
[ -z "${JWT_JWKS_URL:-}" ] || set -- "$@" jwks_url="$JWT_JWKS_URL" ${JWT_CA_FILE:+jwks_ca_pem=@"$JWT_CA_FILE"}
[ -z "${JWT_DISCOVERY_URL:-}" ] ||
  set -- "$@" oidc_discovery_url="$JWT_DISCOVERY_URL" ${JWT_CA_FILE:+oidc_discovery_ca_pem=@"$JWT_CA_FILE"}
[ $# -eq 0 ] || "$cli" write "auth/$auth_path/config" "$@" bound_issuer="${JWT_ISSUER:-}"
"$cli" write "auth/$auth_path/role/$name" \
  role_type=jwt user_claim=sub bound_subject="$subject" bound_audiences="${REKEYD_AUDIENCE:-vault}" \
  token_policies="$name" token_ttl="$token_ttl" token_max_ttl="$token_max_ttl"
echo "vault.auth: { method: jwt, role: $name, jwt: { file: … } }"
