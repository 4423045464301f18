# shellcheck shell=bash
# What a backup says about itself: a small JSON file beside it, one field or one table a line, so that images
# without a JSON parser can read it. Sourced, never run. Expects step.sh.
#
# Between the containers of a pod, WORK_DIR holds the finished backup as `backup` and its description as
# `manifest.json`. The description is put there last, by a rename: where it is, the backup beside it is whole.

BACKUP_FILE=$WORK_DIR/backup
MANIFEST_FILE=$WORK_DIR/manifest.json

# A name that sorts by time. The run's id keeps two runs of the same second apart.
backup_name() {
  local id=${RUN_ID:-}
  [[ -n $id ]] || id=$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
  id=${id,,}
  printf '%s-%s' "$(date -u +%Y%m%dT%H%M%SZ)" "${id//[^a-z0-9-]/-}"
}

# manifest_field FIELD [FILE]: the value of a field of the first level.
manifest_field() {
  local line pattern="^  \"$1\": \"?([^\",]*)\"?,?\$"
  while IFS= read -r line; do
    if [[ $line =~ $pattern ]]; then
      printf '%s' "${BASH_REMATCH[1]}"
      return 0
    fi
  done <"${2:-$MANIFEST_FILE}"
  return 1
}

json_string() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "${text//[$'\x01'-$'\x1f']/ }"
}

sha256_of() {
  local sum
  in_background sha256sum <"$1" >"$WORK_DIR/.sum"
  read -r sum _ <"$WORK_DIR/.sum"
  rm -f "$WORK_DIR/.sum"
  printf '%s' "$sum"
}
