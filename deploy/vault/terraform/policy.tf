# The rights of config/vault-policy.hcl, for this mount and these paths.
locals {
  shipped = file("${path.module}/../../../config/vault-policy.hcl")
  mounted = replace(local.shipped, "path \"secret/", "path \"${var.mount}/")
  rights  = replace(local.mounted, "/apps/*\" {", "/${var.paths}/*\" {")
}

resource "vault_policy" "rekeyd" {
  name   = var.name
  policy = local.rights
}
