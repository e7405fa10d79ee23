resource "vault_auth_backend" "approle" {
  count = try(var.approle.enable, false) ? 1 : 0
  type  = "approle"
  path  = var.approle.path
}

# Its credentials are made by approle-credentials.sh: here they would stand in Terraform's state.
resource "vault_approle_auth_backend_role" "rekeyd" {
  count          = var.approle == null ? 0 : 1
  backend        = var.approle.path
  role_name      = var.name
  token_policies = [vault_policy.rekeyd.name]
  token_ttl      = var.token_ttl
  token_max_ttl  = var.token_max_ttl

  # rekeyd logs in again and again with the same SecretID, so the number of its uses is not limited.
  secret_id_num_uses = 0
  secret_id_ttl      = var.approle.secret_id_ttl

  depends_on = [vault_auth_backend.approle]
}
