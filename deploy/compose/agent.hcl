# A consumer's Vault Agent: keeps /run/consumer/env up to date with what rekeyd publishes for `billing`.
vault {
  address = "http://vault:8200"
}

auto_auth {
  method "approle" {
    config = {
      role_id_file_path                   = "/run/agent/role-id"
      secret_id_file_path                 = "/run/agent/secret-id"
      remove_secret_id_file_after_reading = false
    }
  }
}

template_config {
  static_secret_render_interval = "1s"
}

template {
  destination          = "/run/consumer/env"
  perms                = "0600"
  error_on_missing_key = true
  contents             = <<EOT
{{ with secret "secret/data/apps/billing/s3" -}}
AWS_ACCESS_KEY_ID={{ .Data.data.AWS_ACCESS_KEY_ID }}
AWS_SECRET_ACCESS_KEY={{ .Data.data.AWS_SECRET_ACCESS_KEY }}
AWS_ENDPOINT_URL_S3={{ .Data.data.AWS_ENDPOINT_URL_S3 }}
AWS_REGION={{ .Data.data.AWS_REGION }}
{{- end }}
EOT
}
