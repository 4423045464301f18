# shellcheck shell=bash
# Uploads the pod's finished backup, reads it back, and only then records it as good; at last removes what is too
# old. Runs in an image with the AWS client. The environment of s3.sh, and
#
# WORK_DIR                  scratch space with the finished backup
# KEEP                      so many good backups stay; empty: nothing is ever removed (the bucket's lifecycle does it)
# MAX_SHRINK_PERCENT        a backup that lost more than this against the last good one is a failure; 100: never
# MAX_CLOCK_SKEW_SECONDS    this pod's clock and the bucket's may differ so much
# LEFTOVER_HOURS            uploads that never became good are removed after so long
set -Eeuo pipefail
here=${BASH_SOURCE[0]%/*}
# shellcheck source=step.sh
. "$here/step.sh"
require WORK_DIR
: "${KEEP:=}" "${MAX_SHRINK_PERCENT:=50}" "${MAX_CLOCK_SKEW_SECONDS:=300}" "${LEFTOVER_HOURS:=24}"
require_whole_number MAX_SHRINK_PERCENT MAX_CLOCK_SKEW_SECONDS LEFTOVER_HOURS
if [[ -n $KEEP ]]; then require_whole_number KEEP; ((KEEP > 0)) || fail 'KEEP is 0: keep at least one backup, or leave it empty'; fi
# shellcheck source=manifest.sh
. "$here/manifest.sh"
# shellcheck source=s3.sh
. "$here/s3.sh"

clean_up() { rm -f "$WORK_DIR"/.s3-*; }

read_manifest() {
  [[ -f $MANIFEST_FILE && -f $BACKUP_FILE ]] || fail "there is no finished backup in $WORK_DIR"
  local actual suffix
  manifest_field name name
  manifest_field size size
  manifest_field sum sha256
  manifest_field suffix suffix
  data_key=$name.$suffix
  good_key=$name.good.$size.json
  sha256_of actual "$BACKUP_FILE"
  # shellcheck disable=SC2154 # set by manifest_field
  [[ $actual == "$sum" ]] || fail 'the backup in the scratch space is not the one that was described: its checksum differs'
}

check_shrink() {
  ((${#good_names[@]} > 0)) || return 0
  local last=${good_names[-1]} before
  before=${objects[${backup_of[$last]}]}
  ((size * 100 >= before * (100 - MAX_SHRINK_PERCENT))) || fail "the backup shrank from $before bytes ($last) to $size, by more than $MAX_SHRINK_PERCENT percent:" \
    "nothing was uploaded; if the data was removed on purpose, run once with MAX_SHRINK_PERCENT=100"
}

# A clock that is wrong makes names that sort wrongly, and then the newest backup is not the last one by name.
# The bucket tells its own time with each object; of an upload in parts it may be the time of its beginning or end.
check_clock() {
  local bucket_time=$1 began=$2 ended=$3
  bucket_time=$(date -u -d "$bucket_time" +%s) || fail "the bucket's time '$1' cannot be read"
  ((bucket_time >= began - MAX_CLOCK_SKEW_SECONDS && bucket_time <= ended + MAX_CLOCK_SKEW_SECONDS)) ||
    give_up "the clocks differ by more than $MAX_CLOCK_SKEW_SECONDS seconds: here it is $(date -u -d "@$ended" +%FT%TZ), in the bucket $(date -u -d "@$bucket_time" +%FT%TZ)"
  check_order "$bucket_time"
}

# The name was made when the dump began, perhaps by another node's clock: it cannot be later than now.
check_order() {
  local stamp=${name:0:15} named
  named=$(date -u -d "${stamp:0:8} ${stamp:9:2}:${stamp:11:2}:${stamp:13:2}" +%s) || fail "the name $name holds no time"
  ((named <= $1 + MAX_CLOCK_SKEW_SECONDS)) || give_up "the backup's name $name is of a time that the bucket has not reached"
}

# Removes what this run uploaded, as far as the bucket still answers, and fails.
give_up() {
  discard "$good_key" || true
  discard "$data_key" || true
  fail "$*"
}

upload() {
  local began ended stored_size stored_time stored_sum=''
  began=$(date +%s)
  put "$BACKUP_FILE" "$data_key" || fail "cannot upload $(s3_url "$data_key"): $(s3_error)"
  ended=$(date +%s)
  s3 s3api head-object --bucket "$S3_BUCKET" --key "$S3_PREFIX/$data_key" --query '[ContentLength,LastModified]' --output text ||
    fail "cannot ask for $(s3_url "$data_key") after its upload: $(s3_error)"
  IFS=$'\t' read -r stored_size stored_time <"$S3_ANSWER"
  [[ $stored_size == "$size" ]] || give_up "the bucket holds $stored_size bytes of $data_key, not $size: the upload was cut"
  check_clock "$stored_time" "$began" "$ended"
  sha256_in_bucket "$data_key" stored_sum || fail "cannot read $(s3_url "$data_key") back: $(s3_error)"
  [[ $stored_sum == "$sum" ]] || give_up "the bucket gives back other bytes for $data_key: sha256 $stored_sum, not $sum"
  log "read back: $stored_size bytes, sha256 $stored_sum"
}

record_as_good() {
  local here_sum there_sum=''
  sha256_of here_sum "$MANIFEST_FILE"
  put "$MANIFEST_FILE" "$good_key" || fail "cannot write the manifest $(s3_url "$good_key"): $(s3_error)"
  sha256_in_bucket "$good_key" there_sum || give_up "cannot read the manifest back: $(s3_error)"
  [[ $there_sum == "$here_sum" ]] || give_up "the bucket gives back another manifest for $good_key"
}

# From here the backup is good: what goes wrong now is a warning.
warn() { log "WARNING: $*"; }

remove_old() {
  list || { warn "cannot list the bucket, so nothing old was removed: $(s3_error)"; return 0; }
  local broken
  for broken in ${broken_names[@]+"${broken_names[@]}"}; do
    warn "$broken is recorded as good but its object is gone or has another size: it counts for nothing and is left alone"
  done
  [[ -n $KEEP ]] || return 0
  [[ " ${good_names[*]-} " == *" $name "* ]] || { warn 'the bucket does not list this backup yet, so nothing old was removed'; return 0; }
  local index old
  for ((index = 0; index < ${#good_names[@]} - KEEP; index += 1)); do
    old=${good_names[index]}
    # Two runs at once: the other's backup may be the older one, and it is not for this run to remove its own.
    [[ $old != "$name" ]] || continue
    # The record goes first: a backup without one is a leftover, a record without its backup would be a lie.
    if discard "${manifest_of[$old]}" && discard "${backup_of[$old]}"; then log "removed $old: $KEEP newer ones are good"; else warn "cannot remove $old: $(s3_error)"; fi
  done
}

# Both times are the bucket's, so this pod's clock does not matter.
remove_leftovers() {
  local file now since
  now=$(date -u -d "${changed[$good_key]:-}" +%s) || return 0
  for file in ${backup_of[@]+"${backup_of[@]}"}; do
    [[ -z ${manifest_of[${file%%.*}]:-} ]] || continue
    since=$(date -u -d "${changed[$file]}" +%s) || continue
    ((now - since > LEFTOVER_HOURS * 3600)) || continue
    if discard "$file"; then log "removed $file: an upload that never became good"; else warn "cannot remove the leftover $file: $(s3_error)"; fi
  done
}

remove_open_uploads() {
  s3 s3api list-multipart-uploads --bucket "$S3_BUCKET" --prefix "$S3_PREFIX/" --query 'Uploads[].[Initiated,UploadId,Key]' --output text || return 0
  cp "$S3_ANSWER" "$WORK_DIR/.s3-uploads"
  local started upload key now since
  now=$(date -u -d "${changed[$good_key]:-}" +%s) || return 0
  while IFS=$'\t' read -r started upload key; do
    [[ ${key#"$S3_PREFIX/"} =~ ^$NAME_PATTERN\. ]] || continue
    since=$(date -u -d "$started" +%s) || continue
    ((now - since > LEFTOVER_HOURS * 3600)) || continue
    s3 s3api abort-multipart-upload --bucket "$S3_BUCKET" --key "$key" --upload-id "$upload" && log "removed the open upload of $key"
  done <"$WORK_DIR/.s3-uploads"
}

SECONDS=0
configure_s3
read_manifest
list || fail "cannot list s3://$S3_BUCKET/$S3_PREFIX/: $(s3_error)"
if [[ ${manifest_of[$name]:-} == "$good_key" && " ${good_names[*]-} " == *" $name "* ]]; then
  log "recorded as good before this container was restarted: $name"
else
  check_shrink
  upload
  record_as_good
fi
remove_old
if [[ -n $KEEP && -n ${changed[$good_key]:-} ]]; then
  remove_leftovers
  remove_open_uploads
fi
log "GOOD: $(s3_url "$data_key"), $size bytes, sha256 $sum, $SECONDS seconds"
