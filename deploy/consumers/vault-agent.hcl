# A Vault Agent that keeps files with an application's key up to date, each as one kind of consumer wants it: keep the
# templates that you need. Vault's address comes from VAULT_ADDR. The fields are those of rekeyd's default mapping.
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

# AWS SDKs and whatever takes their variables: EnvironmentFile= of systemd, env_file of compose.
template {
  destination          = "/run/consumer/aws.env"
  perms                = "0600"
  error_on_missing_key = true
  contents             = <<EOT
{{ with secret "secret/data/apps/billing/s3" -}}
AWS_ACCESS_KEY_ID={{ .Data.data.access_key_id }}
AWS_SECRET_ACCESS_KEY={{ .Data.data.secret_access_key }}
AWS_ENDPOINT_URL_S3={{ .Data.data.endpoint }}
AWS_REGION={{ .Data.data.region }}
{{- end }}
EOT
  # Where the consumer reads it only when it starts, have it told:
  # exec { command = ["systemctl", "try-restart", "billing.service"] }
}

# s3cmd --config /run/consumer/s3cfg ls
template {
  destination          = "/run/consumer/s3cfg"
  perms                = "0600"
  error_on_missing_key = true
  contents             = <<EOT
{{ with secret "secret/data/apps/billing/s3" -}}
[default]
access_key = {{ .Data.data.access_key_id }}
secret_key = {{ .Data.data.secret_access_key }}
host_base = {{ .Data.data.endpoint | regexReplaceAll "^https?://" "" }}
host_bucket = {{ .Data.data.endpoint | regexReplaceAll "^https?://" "" }}
bucket_location = {{ .Data.data.region }}
use_https = {{ if regexMatch "^https://" .Data.data.endpoint }}True{{ else }}False{{ end }}
{{- end }}
EOT
}

# A remote called `storage`: rclone lsd storage:
template {
  destination          = "/run/consumer/rclone.env"
  perms                = "0600"
  error_on_missing_key = true
  contents             = <<EOT
{{ with secret "secret/data/apps/billing/s3" -}}
RCLONE_CONFIG_STORAGE_TYPE=s3
RCLONE_CONFIG_STORAGE_PROVIDER=Other
RCLONE_CONFIG_STORAGE_ACCESS_KEY_ID={{ .Data.data.access_key_id }}
RCLONE_CONFIG_STORAGE_SECRET_ACCESS_KEY={{ .Data.data.secret_access_key }}
RCLONE_CONFIG_STORAGE_ENDPOINT={{ .Data.data.endpoint }}
RCLONE_CONFIG_STORAGE_REGION={{ .Data.data.region }}
{{- end }}
EOT
}

# A repository in the bucket `backups`: restic snapshots
template {
  destination          = "/run/consumer/restic.env"
  perms                = "0600"
  error_on_missing_key = true
  contents             = <<EOT
{{ with secret "secret/data/apps/billing/s3" -}}
AWS_ACCESS_KEY_ID={{ .Data.data.access_key_id }}
AWS_SECRET_ACCESS_KEY={{ .Data.data.secret_access_key }}
AWS_DEFAULT_REGION={{ .Data.data.region }}
RESTIC_REPOSITORY=s3:{{ .Data.data.endpoint }}/backups
RESTIC_PASSWORD_FILE=/etc/consumer/restic-password
{{- end }}
EOT
}
