# shellcheck shell=bash
# How every step of a backup or drill speaks, fails and stops. Sourced, never run.
#
# A step is process 1 of its container: signals without a trap never reach it, and bash runs a trap only between
# commands. So whatever takes long runs in the background and is waited for; then SIGTERM (an eviction, the Job's
# deadline) ends the step at once, with a line in the log, instead of being killed without a word.
set -Eeuo pipefail
umask 077
export LC_ALL=C

STEP=${0##*/}
STEP=${STEP%.sh}

# The log stays where it was, also where a signal arrives while standard error is collected in a file.
exec 9>&2

log() { printf '%s %s: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$STEP" "$*" >&9; }

said_why=false

fail() {
  said_why=true
  log "FAILED: $*"
  exit 1
}

# The last words of a program whose messages were collected in a file, on one line.
last_words() {
  local words
  words=$(tail -n 3 "$1" | tr -s '\n\r\t ' ' ')
  words=${words# }
  printf '%s' "${words% }"
}

# require NAME...: each must hold a value.
require() {
  local name
  for name in "$@"; do
    [[ -n ${!name:-} ]] || fail "environment variable $name is empty or not set"
  done
}

# require_whole_number NAME...: shell arithmetic would take words for variables and 010 for 8.
require_whole_number() {
  local name
  for name in "$@"; do
    [[ ${!name} =~ ^(0|[1-9][0-9]{0,17})$ ]] || fail "environment variable $name is '${!name}': write a whole number"
  done
}

in_background() {
  # Without a redirection of its own a background command reads /dev/null.
  "$@" <&0 &
  wait "$!"
}

# What a step must undo whatever happens; each step may define its own.
clean_up() { :; }

stop() {
  trap '' TERM INT
  said_why=true
  log "FAILED: stopped by SIGTERM before it was finished; nothing was recorded as good"
  kill -TERM 0
  wait || true
  exit 143
}

# No run ends without a word, not even by an error that nobody thought of.
last_line() {
  if (($1 != 0)) && [[ $said_why == false ]]; then log "FAILED: ended unexpectedly with status $1"; fi
  clean_up || true
}

trap stop TERM INT
trap 'last_line "$?"' EXIT
