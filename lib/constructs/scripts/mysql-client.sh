# shellcheck shell=bash
# Talking to MySQL or MariaDB with whichever clients the image has. Sourced, never run. Expects step.sh.
set -Eeuo pipefail

# first_command VARIABLE PROGRAM...: puts the first program that the image has into the variable.
first_command() {
  local name
  for name in "${@:2}"; do
    if printf -v "$1" '%s' "$(command -v "$name")" && [[ -n ${!1} ]]; then return 0; fi
  done
  fail "this image has none of the programs: ${*:2}"
}

# Where the options hold a password they are a file that only this user reads, in memory: never a command line,
# which every process of the node's owner can read, and never MYSQL_PWD, which MySQL deprecates.
write_option_file() {
  OPTION_FILE=$1
  {
    printf '[client]\n'
    printf 'host=%s\nport=%s\nprotocol=tcp\n' "$(option_value "$DB_HOST")" "$(option_value "${DB_PORT:-3306}")"
    printf 'user=%s\npassword=%s\n' "$(option_value "$DB_USER")" "$(option_value "$DB_PASSWORD")"
    if [[ -n ${DB_CA_FILE:-} ]]; then printf 'ssl-ca=%s\n' "$(option_value "$DB_CA_FILE")"; fi
  } >"$OPTION_FILE" || fail "cannot write the client's option file $OPTION_FILE"
  unset DB_PASSWORD
}

option_value() {
  local value=$1
  value=${value//\\/\\\\}
  value=${value//\"/\\\"}
  printf '"%s"' "${value//$'\n'/\\n}"
}

sql() { "$CLIENT" --defaults-file="$OPTION_FILE" --connect-timeout="${DB_TIMEOUT_SECONDS:-10}" --default-character-set=utf8mb4 --batch --skip-column-names "$@"; }

# dump_tool_has OPTION: MySQL's and MariaDB's tools differ, and so do their versions.
dump_tool_has() { grep -q -e "^  *\(-., \)\?--$1\b" "$WORK_DIR/.dump-help"; }

# The options that make the dump consistent, complete and the same text for the same data: without an order the server
# may read a table by whichever index is small.
choose_dump_options() {
  DUMP_OPTIONS=(
    --single-transaction --quick --skip-lock-tables --no-tablespaces --hex-blob --default-character-set=utf8mb4
    --routines --events --triggers --order-by-primary --max-allowed-packet=1G --net-buffer-length=1M --comments --skip-dump-date
  )
  "$DUMP" --no-defaults --help >"$WORK_DIR/.dump-help" || fail "$DUMP --help fails"
  # MySQL's newer tool asks older servers and MariaDB for a table that they do not have.
  if dump_tool_has column-statistics; then DUMP_OPTIONS+=(--skip-column-statistics); fi
  # The dump is data to restore anywhere, not a replica's starting point.
  if dump_tool_has set-gtid-purged; then DUMP_OPTIONS+=(--set-gtid-purged=OFF); fi
  rm -f "$WORK_DIR/.dump-help"
}

dump() { "$DUMP" --defaults-file="$OPTION_FILE" "${DUMP_OPTIONS[@]}" --databases "$@"; }

# shellcheck disable=SC2034 # for those who source this
USER_SCHEMAS="schema_name NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')"
# shellcheck disable=SC2034
USER_TABLES="table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')"
