resource "vault_auth_backend" "kubernetes" {
  count = try(var.kubernetes.enable, false) ? 1 : 0
  type  = "kubernetes"
  path  = var.kubernetes.path
}

resource "vault_kubernetes_auth_backend_config" "cluster" {
  count              = try(var.kubernetes.enable, false) ? 1 : 0
  backend            = vault_auth_backend.kubernetes[0].path
  kubernetes_host    = var.kubernetes.host
  kubernetes_ca_cert = var.kubernetes.ca_cert
  token_reviewer_jwt = var.kubernetes.reviewer_jwt

  # The API server is asked about every token; what its issuer calls itself differs from cluster to cluster.
  disable_iss_validation = true
}

resource "vault_kubernetes_auth_backend_role" "rekeyd" {
  count                            = var.kubernetes == null ? 0 : 1
  backend                          = var.kubernetes.path
  role_name                        = var.name
  bound_service_account_names      = [var.kubernetes.service_account]
  bound_service_account_namespaces = [var.kubernetes.namespace]
  audience                         = var.kubernetes.audience
  token_policies                   = [vault_policy.rekeyd.name]
  token_ttl                        = var.token_ttl
  token_max_ttl                    = var.token_max_ttl

  depends_on = [vault_auth_backend.kubernetes]
}
