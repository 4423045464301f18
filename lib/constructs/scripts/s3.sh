# shellcheck shell=bash
# The bucket: any S3 API, through the AWS client. Sourced, never run. Expects step.sh, manifest.sh.
#
#   <prefix>/<name>.<suffix>             a backup: name sorts by the time of the dump, in UTC
#   <prefix>/<name>.good.<bytes>.json    its manifest, written last: the backup was read back and is good
#
# The size stands in the manifest's key so that one listing tells which backups are good and still whole.
#
# S3_BUCKET S3_PREFIX       where
# S3_ENDPOINT               empty: AWS
# S3_PATH_STYLE             true where the bucket is in the path; default: with an endpoint of its own
# S3_TIMEOUT_SECONDS        of silence in one call
# AWS_REGION, and AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY or AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE
set -Eeuo pipefail

require S3_BUCKET S3_PREFIX
: "${S3_ENDPOINT:=}" "${S3_PATH_STYLE:=}" "${S3_TIMEOUT_SECONDS:=60}"
require_whole_number S3_TIMEOUT_SECONDS
S3_PREFIX=${S3_PREFIX%/}
S3_SAID=$WORK_DIR/.s3-said
S3_ANSWER=$WORK_DIR/.s3-answer
NAME_PATTERN='[0-9]{8}T[0-9]{6}Z-[a-z0-9-]+'

configure_s3() {
  local style=auto
  if [[ ${S3_PATH_STYLE:-${S3_ENDPOINT:+true}} == true ]]; then style=path; fi
  export HOME=$WORK_DIR AWS_CONFIG_FILE=$WORK_DIR/.s3-config AWS_PAGER='' AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=3
  # Without credentials the client would look for the node's own, and wait long for them.
  export AWS_EC2_METADATA_DISABLED=true
  S3_OPTIONS=(--cli-connect-timeout 10 --cli-read-timeout "$S3_TIMEOUT_SECONDS" --color off)
  if [[ -n $S3_ENDPOINT ]]; then
    S3_OPTIONS+=(--endpoint-url "$S3_ENDPOINT")
    # Newer clients send checksums that other servers than AWS's do not know.
    export AWS_REQUEST_CHECKSUM_CALCULATION=when_required AWS_RESPONSE_CHECKSUM_VALIDATION=when_required
    export AWS_DEFAULT_REGION=${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}
  fi
  printf '[default]\ns3 =\n  addressing_style = %s\n  max_concurrent_requests = 4\n' "$style" >"$AWS_CONFIG_FILE"
}

# s3 ARGUMENT...: the answer in the file S3_ANSWER, what went wrong in S3_SAID.
s3() { in_background aws "$@" "${S3_OPTIONS[@]}" >"$S3_ANSWER" 2>"$S3_SAID"; }

s3_url() { printf 's3://%s/%s/%s' "$S3_BUCKET" "$S3_PREFIX" "$1"; }

s3_error() { last_words "$S3_SAID"; }

put() { s3 s3 cp "$1" "$(s3_url "$2")" --only-show-errors; }

get() { s3 s3 cp "$(s3_url "$1")" "$2" --only-show-errors; }

discard() { s3 s3 rm "$(s3_url "$1")" --only-show-errors; }

# sha256_in_bucket FILE VARIABLE: the checksum of what the bucket gives back, which is not kept.
sha256_in_bucket() {
  in_background stream_checksum "$1" >"$S3_ANSWER" 2>"$S3_SAID" || return 1
  local _sum
  read -r _sum _ <"$S3_ANSWER"
  printf -v "$2" '%s' "$_sum"
}

stream_checksum() { aws s3 cp "$(s3_url "$1")" - --only-show-errors "${S3_OPTIONS[@]}" | sha256sum; }

# list: what is under the prefix, into
#   objects[file name] = size, changed[file name] = when, in the bucket's time
#   good_names: the names of the good and whole backups, oldest first; manifest_of[name], backup_of[name]
#   broken_names: those with a manifest whose backup is gone or has another size
list() {
  # shellcheck disable=SC2016 # the backquotes are the query language's
  s3 s3api list-objects-v2 --bucket "$S3_BUCKET" --prefix "$S3_PREFIX/" --query 'Contents[].[Size,LastModified,Key]' --output text || return 1
  declare -gA objects=() changed=() manifest_of=() backup_of=()
  declare -ga good_names=() broken_names=()
  local size when key file name bytes
  while IFS=$'\t' read -r size when key; do
    file=${key#"$S3_PREFIX/"}
    [[ $file =~ ^$NAME_PATTERN\.[a-z0-9.]+$ ]] || continue
    # shellcheck disable=SC2034 # changed is for those who source this
    objects[$file]=$size changed[$file]=$when
    if [[ $file =~ ^($NAME_PATTERN)\.(sql\.gz|db)(\.enc)?$ ]]; then backup_of[${BASH_REMATCH[1]}]=$file; fi
    if [[ $file =~ ^($NAME_PATTERN)\.good\.[0-9]+\.json$ ]]; then manifest_of[${BASH_REMATCH[1]}]=$file; fi
  done <"$S3_ANSWER"
  ((${#manifest_of[@]} > 0)) || return 0
  while IFS= read -r name; do
    bytes=${manifest_of[$name]%.json}
    bytes=${bytes##*.good.}
    if [[ -n ${backup_of[$name]:-} && ${objects[${backup_of[$name]}]} == "$bytes" ]]; then
      good_names+=("$name")
    else
      broken_names+=("$name")
    fi
  done < <(printf '%s\n' "${!manifest_of[@]}" | sort)
}
