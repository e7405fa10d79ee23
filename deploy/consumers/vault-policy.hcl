# All that a consumer of `billing` may do: read its secret, and nothing else.
path "secret/data/apps/billing/s3" {
  capabilities = ["read"]
}
