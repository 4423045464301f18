# shellcheck shell=bash
# Checks the snapshot that etcdctl saved and describes it for the upload. etcd's image has no shell, so this runs in
# the image with the AWS client (with encryption: in one that has openssl as well).
#
# SNAPSHOT_FILE          what `etcdctl snapshot save` wrote
# MIN_BYTES              it is at least so long
# ENCRYPTION_KEY_FILE    encrypts, where set: the snapshot holds every Secret of the cluster
# WORK_DIR RUN_ID        scratch space; the pod's name
set -Eeuo pipefail
here=${BASH_SOURCE[0]%/*}
# shellcheck source=step.sh
. "$here/step.sh"
require WORK_DIR SNAPSHOT_FILE
: "${MIN_BYTES:=20480}"
require_whole_number MIN_BYTES
# shellcheck source=manifest.sh
. "$here/manifest.sh"
# shellcheck source=seal.sh
. "$here/seal.sh"
# shellcheck source=finish-backup.sh
. "$here/finish-backup.sh"

clean_up() { rm -f "$WORK_DIR"/.etcd* "$MANIFEST_FILE".*; }

# etcd sends the database in whole pages and then their sha256: a snapshot that was cut or changed tells.
check_integrity() {
  local size appended actual
  size=$(stat -c %s "$SNAPSHOT_FILE")
  ((size % 512 == 32)) || fail "the snapshot has $size bytes, which are no whole pages and a checksum: it is cut"
  appended=$(tail -c 32 "$SNAPSHOT_FILE" | od -An -v -tx1 | tr -d ' \n')
  in_background database_checksum >"$WORK_DIR/.etcd-sum"
  read -r actual _ <"$WORK_DIR/.etcd-sum"
  [[ $appended == "$actual" ]] || fail 'the snapshot does not match the checksum that etcd appended to it'
}

database_checksum() { head -c -32 "$SNAPSHOT_FILE" | sha256sum; }

seal_snapshot() { seal <"$SNAPSHOT_FILE" >"$WORK_DIR/.etcd"; }

already_finished && exit 0
rm -f "$BACKUP_FILE" "$MANIFEST_FILE"
check_encryption
[[ -f $SNAPSHOT_FILE ]] || fail "there is no snapshot $SNAPSHOT_FILE"
check_integrity
name=$(backup_name)
created_at=$(date -u -d "@$(stat -c %Y "$SNAPSHOT_FILE")" +%FT%TZ)
: >"$WORK_DIR/.etcd-extra"
if encryption_wanted; then
  in_background seal_snapshot 2>"$WORK_DIR/.etcd-said" || fail "encryption failed: $(last_words "$WORK_DIR/.etcd-said")"
  rm -f "$SNAPSHOT_FILE"
  finish_backup etcd db.enc "$name" "$created_at" "$WORK_DIR/.etcd" "$WORK_DIR/.etcd-extra"
else
  finish_backup etcd db "$name" "$created_at" "$SNAPSHOT_FILE" "$WORK_DIR/.etcd-extra"
fi
