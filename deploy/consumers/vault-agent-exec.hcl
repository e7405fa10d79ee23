# A Vault Agent that runs the application itself, with its key in the environment, and starts it anew with each new key.
# Vault's address comes from VAULT_ADDR. The fields are those of rekeyd's default mapping.
auto_auth {
  method "approle" {
    config = {
      role_id_file_path                   = "/etc/consumer/role-id"
      secret_id_file_path                 = "/etc/consumer/secret-id"
      remove_secret_id_file_after_reading = false
    }
  }
}

# How often it looks: the greater part of `consumers.refresh` in rekeyd's policy.
template_config {
  static_secret_render_interval = "5m"
}

env_template "AWS_ACCESS_KEY_ID" {
  contents             = "{{ with secret \"secret/data/apps/billing/s3\" }}{{ .Data.data.access_key_id }}{{ end }}"
  error_on_missing_key = true
}

env_template "AWS_SECRET_ACCESS_KEY" {
  contents             = "{{ with secret \"secret/data/apps/billing/s3\" }}{{ .Data.data.secret_access_key }}{{ end }}"
  error_on_missing_key = true
}

env_template "AWS_ENDPOINT_URL_S3" {
  contents             = "{{ with secret \"secret/data/apps/billing/s3\" }}{{ .Data.data.endpoint }}{{ end }}"
  error_on_missing_key = true
}

env_template "AWS_REGION" {
  contents             = "{{ with secret \"secret/data/apps/billing/s3\" }}{{ .Data.data.region }}{{ end }}"
  error_on_missing_key = true
}

exec {
  command                   = ["/usr/local/bin/billing"]
  restart_on_secret_changes = "always"
  restart_stop_signal       = "SIGTERM"
}
