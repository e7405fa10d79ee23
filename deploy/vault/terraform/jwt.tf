resource "vault_jwt_auth_backend" "jwt" {
  count                  = try(var.jwt.enable, false) ? 1 : 0
  type                   = "jwt"
  path                   = var.jwt.path
  jwt_validation_pubkeys = var.jwt.public_keys == null ? null : [for key in var.jwt.public_keys : trimspace(key)]
  jwks_url               = var.jwt.jwks_url
  jwks_ca_pem            = var.jwt.jwks_url == null ? null : var.jwt.ca_pem
  oidc_discovery_url     = var.jwt.discovery_url
  oidc_discovery_ca_pem  = var.jwt.discovery_url == null ? null : var.jwt.ca_pem
  bound_issuer           = var.jwt.issuer
}

resource "vault_jwt_auth_backend_role" "rekeyd" {
  count           = var.jwt == null ? 0 : 1
  backend         = var.jwt.path
  role_name       = var.name
  role_type       = "jwt"
  user_claim      = "sub"
  bound_subject   = var.jwt.subject
  bound_audiences = [var.jwt.audience]
  token_policies  = [vault_policy.rekeyd.name]
  token_ttl       = var.token_ttl
  token_max_ttl   = var.token_max_ttl

  depends_on = [vault_jwt_auth_backend.jwt]
}
