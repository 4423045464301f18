# shellcheck shell=bash
# Ends a drill: puts its verdict into the bucket and exits by it. Runs in an image with the AWS client.
# The environment of s3.sh, and WORK_DIR with the verdict.
set -Eeuo pipefail
here=${BASH_SOURCE[0]%/*}
# shellcheck source=step.sh
. "$here/step.sh"
require WORK_DIR
# shellcheck source=manifest.sh
. "$here/manifest.sh"
# shellcheck source=s3.sh
. "$here/s3.sh"

clean_up() { rm -f "$WORK_DIR"/.s3-*; }

verdict_file=$WORK_DIR/verdict.json
[[ -f $verdict_file ]] || fail 'the drill left no verdict'
configure_s3
put "$verdict_file" drill-status.json || fail "cannot write the drill's verdict to $(s3_url drill-status.json): $(s3_error)"
for field in verdict backup reason tables rows compared; do manifest_field "$field" "$field" "$verdict_file"; done
# shellcheck disable=SC2154 # the loop above sets them
if [[ $verdict != passed ]]; then fail "the drill of $backup: $reason"; fi
# shellcheck disable=SC2154
log "PASSED: $backup restores: $tables tables, $rows rows, compared by $compared"
