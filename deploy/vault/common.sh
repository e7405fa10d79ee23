# What the files beside this one share; they read it, it does nothing by itself.
#
#   REKEYD_NAME           of the policy and of the role; another name for each rekeyd on this Vault (rekeyd)
#   REKEYD_MOUNT          the KV v2 mount, `vault.mount` of rekeyd's policy file (secret)
#   REKEYD_PATHS          what every application's `path` begins with (apps)
#   REKEYD_AUTH_PATH      where the login method is mounted, `vault.auth.mount` (the method's name)
#   REKEYD_TOKEN_TTL      how long a token lives until it is renewed: more than `verify.timeout` and two minutes (1h)
#   REKEYD_TOKEN_MAX_TTL  how long it can be renewed; rekeyd logs in anew then (24h)
#   VAULT_CLI             the command line (vault; `bao` for OpenBao)
#
# That one finds its server by its own variables: VAULT_ADDR, VAULT_TOKEN, VAULT_CACERT, VAULT_NAMESPACE.

name=${REKEYD_NAME:-rekeyd}
mount=${REKEYD_MOUNT:-secret}
paths=${REKEYD_PATHS:-apps}
token_ttl=${REKEYD_TOKEN_TTL:-1h}
token_max_ttl=${REKEYD_TOKEN_MAX_TTL:-24h}
cli=${VAULT_CLI:-vault}
shipped=$(dirname "$0")/../../config/vault-policy.hcl

# only_plain VARIABLE VALUE: nothing that a policy or a path would read as something else.
only_plain() {
  case $2 in
  '' | /* | */ | *..* | *[!A-Za-z0-9._/-]*)
    echo "$1 is \"$2\": letters, digits and ._- with slashes in between are allowed" >&2
    exit 2
    ;;
  esac
}
only_plain REKEYD_NAME "$name"
only_plain REKEYD_MOUNT "$mount"
only_plain REKEYD_PATHS "$paths"
only_plain REKEYD_AUTH_PATH "${REKEYD_AUTH_PATH:-none}"

# The rights of config/vault-policy.hcl, for this mount and these paths.
write_policy() {
  sed -e "s|^path \"secret/|path \"$mount/|" -e "s|/apps/\*\" {|/$paths/*\" {|" "$shipped" |
    "$cli" policy write "$name" -
}

# enable METHOD PATH: mounts a login method, unless something is mounted there already.
enable() {
  mounted=$("$cli" auth list -format=json)
  case $mounted in
  *"\"$2/\": "*) echo "auth/$2 is enabled already" ;;
  *) "$cli" auth enable -path="$2" "$1" ;;
  esac
}

# room_for FILE: ends here where it could not be kept, before something is made that nobody would have.
room_for() {
  (umask 077 && : >"$1.new")
}

# keep FILE: puts what comes in there, for the eyes of its owner alone and whole or not at all.
keep() {
  room_for "$1"
  cat >"$1.new"
  mv -f "$1.new" "$1"
}
