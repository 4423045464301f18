# shellcheck shell=bash
# Brings the newest backup that was recorded as good into the scratch space, and verifies that it still is what it was.
# Runs in an image with the AWS client. The environment of s3.sh, and
#
# WORK_DIR       scratch space
# BACKUP_NAME    another than the newest: the part of its key before the first dot
set -Eeuo pipefail
here=${BASH_SOURCE[0]%/*}
# shellcheck source=step.sh
. "$here/step.sh"
require WORK_DIR
# shellcheck source=manifest.sh
. "$here/manifest.sh"
# shellcheck source=s3.sh
. "$here/s3.sh"
: "${BACKUP_NAME:=}"

clean_up() { rm -f "$WORK_DIR"/.s3-* "$BACKUP_FILE.part" "$MANIFEST_FILE.part"; }

already_fetched() { [[ -f $MANIFEST_FILE && -f $BACKUP_FILE ]]; }

# The newest record, whole or not: a drill that took an older one because the newest is broken would hide that.
choose() {
  list || fail "cannot list s3://$S3_BUCKET/$S3_PREFIX/: $(s3_error)"
  ((${#manifest_of[@]} > 0)) || fail "there is no good backup under s3://$S3_BUCKET/$S3_PREFIX/"
  name=${BACKUP_NAME:-$(printf '%s\n' "${!manifest_of[@]}" | sort | tail -n 1)}
  [[ -n ${manifest_of[$name]:-} ]] || fail "no backup named '$name' is recorded as good under s3://$S3_BUCKET/$S3_PREFIX/"
  [[ -n ${backup_of[$name]:-} ]] || fail "$name is recorded as good but its object is gone"
}

fetch() {
  local recorded size sum stored actual
  get "${manifest_of[$name]}" "$MANIFEST_FILE.part" || fail "cannot download the manifest of $name: $(s3_error)"
  manifest_field recorded name "$MANIFEST_FILE.part"
  [[ $recorded == "$name" ]] || fail "the manifest of $name is of another backup"
  manifest_field size size "$MANIFEST_FILE.part"
  manifest_field sum sha256 "$MANIFEST_FILE.part"
  stored=${objects[${backup_of[$name]}]}
  [[ $stored == "$size" ]] || fail "the bucket holds $stored bytes of $name, its manifest says $size: the object is cut or was replaced"
  get "${backup_of[$name]}" "$BACKUP_FILE.part" || fail "cannot download $(s3_url "${backup_of[$name]}"): $(s3_error)"
  sha256_of actual "$BACKUP_FILE.part"
  [[ $actual == "$sum" ]] || fail "$name has another checksum than its manifest says: it is not what was uploaded"
  mv "$BACKUP_FILE.part" "$BACKUP_FILE"
  mv "$MANIFEST_FILE.part" "$MANIFEST_FILE"
  log "fetched $name: $size bytes, sha256 $sum"
}

already_fetched && exit 0
rm -f "$BACKUP_FILE" "$MANIFEST_FILE"
configure_s3
choose
fetch
