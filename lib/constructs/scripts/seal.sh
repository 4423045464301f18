# shellcheck shell=bash
# Encryption of a backup, where ENCRYPTION_KEY_FILE names a key. Sourced, never run. Expects step.sh.
#
# AES-256-CTR with a key derived by PBKDF2, which alone protects nobody from changes: so the manifest holds the
# checksum of the encrypted bytes, and an HMAC over the manifest proves that whoever wrote it had the key.
# The key reaches openssl by file name and the HMAC is composed here, because openssl takes it on its command line.
set -Eeuo pipefail

encryption_wanted() { [[ -n ${ENCRYPTION_KEY_FILE:-} ]]; }

check_encryption() {
  encryption_wanted || return 0
  [[ -r $ENCRYPTION_KEY_FILE ]] || fail "encryption key file $ENCRYPTION_KEY_FILE cannot be read"
  local key
  IFS= read -r key <"$ENCRYPTION_KEY_FILE" || true
  ((${#key} >= 32)) || fail "the first line of the encryption key file has ${#key} characters: it needs 32 or more"
  command -v openssl >/dev/null || fail "encryption is wanted but this image has no openssl"
}

seal() {
  if encryption_wanted; then
    openssl enc -aes-256-ctr -pbkdf2 -iter 600000 -md sha256 -salt -pass "file:$ENCRYPTION_KEY_FILE"
  else
    cat
  fi
}

unseal() {
  if encryption_wanted; then
    openssl enc -d -aes-256-ctr -pbkdf2 -iter 600000 -md sha256 -pass "file:$ENCRYPTION_KEY_FILE"
  else
    cat
  fi
}

# HMAC-SHA256 of standard input in hex: H(key ^ opad || H(key ^ ipad || text)).
hmac() {
  local key_hex inner
  key_hex=$({ printf 'manifest:'; head -n 1 "$ENCRYPTION_KEY_FILE" | tr -d '\n'; } | sha256sum)
  key_hex=${key_hex%% *}
  inner=$({ padded_key "$key_hex" 54; cat; } | sha256sum)
  inner=${inner%% *}
  { padded_key "$key_hex" 92; bytes_of "$inner"; } | sha256sum | cut -d ' ' -f 1
}

# padded_key HEX PAD: the 64 bytes of the key, filled with zeros, each combined with PAD.
padded_key() {
  local hex=$1 pad=$2 index mixed=''
  printf -v hex '%s%064d' "$hex" 0
  for ((index = 0; index < 64; index += 1)); do
    printf -v mixed '%s%02x' "$mixed" "$((16#${hex:index * 2:2} ^ pad))"
  done
  bytes_of "$mixed"
}

bytes_of() {
  local hex=$1 escaped='' index
  for ((index = 0; index < ${#hex}; index += 2)); do escaped+="\\x${hex:index:2}"; done
  printf '%b' "$escaped"
}

without_hmac() { grep -v '^  "hmac": ' "$1"; }

# Whether the manifest was written by a holder of the key.
manifest_is_authentic() {
  local claimed actual
  manifest_field claimed hmac
  actual=$(without_hmac "$MANIFEST_FILE" | hmac)
  [[ $claimed == "$actual" ]]
}
