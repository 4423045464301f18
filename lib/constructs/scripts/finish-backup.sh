# shellcheck shell=bash
# The end of every step that makes a backup: measure the file, describe it, hand it over. Sourced, never run.
# Expects step.sh, manifest.sh, seal.sh.
set -Eeuo pipefail

# finish_backup KIND SUFFIX NAME CREATED_AT FILE EXTRA: FILE becomes the pod's backup. EXTRA is a file of further
# manifest lines, each ending in a comma.
finish_backup() {
  local kind=$1 suffix=$2 name=$3 created_at=$4 file=$5 extra=$6 size sum hmac=''
  size=$(stat -c %s "$file")
  ((size >= MIN_BYTES)) || fail "the backup has $size bytes, fewer than the minimum of $MIN_BYTES"
  sha256_of sum "$file"
  {
    printf '{\n  "format": 1,\n  "kind": "%s",\n  "name": "%s",\n  "suffix": "%s",\n' "$kind" "$name" "$suffix"
    printf '  "createdAt": "%s",\n  "size": %s,\n  "sha256": "%s",\n' "$created_at" "$size" "$sum"
    cat "$extra"
    if encryption_wanted; then printf '  "encryption": "aes-256-ctr+pbkdf2+hmac"\n}\n'; else printf '  "encryption": "none"\n}\n'; fi
  } >"$MANIFEST_FILE.part"
  if encryption_wanted; then
    hmac=$(hmac <"$MANIFEST_FILE.part")
    { head -n 1 "$MANIFEST_FILE.part"; printf '  "hmac": "%s",\n' "$hmac"; tail -n +2 "$MANIFEST_FILE.part"; } >"$MANIFEST_FILE.hmac"
    mv "$MANIFEST_FILE.hmac" "$MANIFEST_FILE.part"
  fi
  mv "$file" "$BACKUP_FILE"
  mv "$MANIFEST_FILE.part" "$MANIFEST_FILE"
  log "finished: $name.$suffix, $size bytes, sha256 $sum"
}

# Whether an earlier attempt in this pod got this far: the container was restarted, the pod's scratch space was kept.
already_finished() {
  [[ -f $MANIFEST_FILE && -f $BACKUP_FILE ]] || return 1
  local earlier
  manifest_field earlier name
  log "finished before this container was restarted: $earlier; not made again"
}
