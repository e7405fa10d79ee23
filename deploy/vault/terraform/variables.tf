variable "name" {
  description = "Of the policy and of the roles; another name for each rekeyd on this Vault."
  type        = string
  default     = "rekeyd"
}

variable "mount" {
  description = "The KV v2 mount, `vault.mount` of rekeyd's policy file."
  type        = string
  default     = "secret"
}

variable "paths" {
  description = "What every application's `path` begins with."
  type        = string
  default     = "apps"
}

variable "token_ttl" {
  description = "Seconds that a token lives until it is renewed: more than `verify.timeout` and two minutes."
  type        = number
  default     = 3600
}

variable "token_max_ttl" {
  description = "Seconds that a token can be renewed for; rekeyd logs in anew then."
  type        = number
  default     = 86400
}

variable "approle" {
  description = "Log in by AppRole. `enable = false`: the method is mounted there already."
  type = object({
    path          = optional(string, "approle")
    enable        = optional(bool, true)
    secret_id_ttl = optional(number, 0)
  })
  default = null
}

variable "kubernetes" {
  description = <<-EOT
    Log in with the service account of rekeyd's pods. `enable = false`: the method is mounted there already, and how Vault
    reaches the cluster is left as it is. `ca_cert` (PEM) and `reviewer_jwt` (a token of a service account with the
    cluster role system:auth-delegator) are for a Vault outside of the cluster.
  EOT
  type = object({
    path            = optional(string, "kubernetes")
    enable          = optional(bool, true)
    host            = optional(string, "https://kubernetes.default.svc")
    ca_cert         = optional(string)
    reviewer_jwt    = optional(string)
    service_account = optional(string, "rekeyd")
    namespace       = optional(string, "rekeyd")
    audience        = optional(string, "vault")
  })
  default = null
}

variable "jwt" {
  description = <<-EOT
    Log in with a JWT of this subject and audience. `enable = false`: the method is mounted there already, and whose
    signatures count is left as it is. Otherwise one of `public_keys` (PEM), `jwks_url` and `discovery_url` says whose;
    `ca_pem` is for an address whose certificate the system does not know, `issuer` is the `iss` that is accepted.
  EOT
  type = object({
    path          = optional(string, "jwt")
    enable        = optional(bool, true)
    public_keys   = optional(list(string))
    jwks_url      = optional(string)
    discovery_url = optional(string)
    ca_pem        = optional(string)
    issuer        = optional(string)
    subject       = string
    audience      = optional(string, "vault")
  })
  default = null
}
