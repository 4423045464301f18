# shellcheck shell=bash
# What a backup says about itself: a small JSON file beside it, one field or one table a line, so that images
# without a JSON parser can read it. Sourced, never run. Expects step.sh.
#
# Between the containers of a pod, WORK_DIR holds the finished backup as `backup` and its description as
# `manifest.json`. The description is put there last, by a rename: where it is, the backup beside it is whole.
set -Eeuo pipefail

# shellcheck disable=SC2034 # for those who source this
BACKUP_FILE=$WORK_DIR/backup
MANIFEST_FILE=$WORK_DIR/manifest.json

# A name that sorts by time. The run's id keeps two runs of the same second apart.
backup_name() {
  local id=${RUN_ID:-}
  [[ -n $id ]] || id=$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
  id=${id,,}
  printf '%s-%s' "$(date -u +%Y%m%dT%H%M%SZ)" "${id//[^a-z0-9-]/-}"
}

# manifest_field VARIABLE FIELD [FILE]: puts the value of a field of the first level into the variable.
manifest_field() {
  local _line _file=${3:-$MANIFEST_FILE} _pattern="^  \"$2\": (\"([^\"]*)\"|([0-9]+)),?\$"
  while IFS= read -r _line; do
    if [[ $_line =~ $_pattern ]]; then
      printf -v "$1" '%s' "${BASH_REMATCH[2]}${BASH_REMATCH[3]}"
      return 0
    fi
  done <"$_file"
  fail "${_file##*/} has no field '$2'"
}

json_string() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "${text//[[:cntrl:]]/ }"
}

# sha256_of VARIABLE FILE
sha256_of() {
  in_background sha256sum <"$2" >"$WORK_DIR/.sum" || fail "cannot read $2"
  local _sum
  read -r _sum _ <"$WORK_DIR/.sum"
  rm -f "$WORK_DIR/.sum"
  [[ $_sum =~ ^[0-9a-f]{64}$ ]] || fail "the checksum of $2 could not be computed"
  printf -v "$1" '%s' "$_sum"
}
