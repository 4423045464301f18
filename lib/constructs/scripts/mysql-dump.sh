# shellcheck shell=bash
# Dumps the database into the pod's scratch space and describes what it dumped. Runs in the database's own image.
#
# DB_HOST DB_PORT DB_USER DB_PASSWORD [DB_CA_FILE]   the server
# DATABASES              names with commas between; empty: every schema that is not the server's own
# ALLOW_EMPTY            true: a database without a single row is a backup as well
# MIN_BYTES              the compressed dump is at least so long
# ENCRYPTION_KEY_FILE    encrypts, where set
# WORK_DIR SECRET_DIR    scratch space; a folder in memory, which has room for a message when the scratch space has none
# RUN_ID                 the pod's name
set -Eeuo pipefail
here=${BASH_SOURCE[0]%/*}
# shellcheck source=step.sh
. "$here/step.sh"
require WORK_DIR SECRET_DIR DB_HOST DB_USER DB_PASSWORD
: "${ALLOW_EMPTY:=false}" "${MIN_BYTES:=1024}" "${DB_PORT:=3306}" "${DATABASES:=}"
require_whole_number MIN_BYTES DB_PORT
# shellcheck source=manifest.sh
. "$here/manifest.sh"
# shellcheck source=seal.sh
. "$here/seal.sh"
# shellcheck source=finish-backup.sh
. "$here/finish-backup.sh"
# shellcheck source=mysql-client.sh
. "$here/mysql-client.sh"
# shellcheck source=mysql-contents.sh
. "$here/mysql-contents.sh"

clean_up() { rm -f "$SECRET_DIR"/client.cnf "$SECRET_DIR"/dump-* "$WORK_DIR"/.dump* "$MANIFEST_FILE".*; }

# ask SQL: the answer in the file .dump-answer, or the step fails with the server's words.
ask() {
  in_background sql --execute="$1" >"$WORK_DIR/.dump-answer" 2>"$SECRET_DIR/dump-said" ||
    fail "$2 at $DB_HOST:$DB_PORT: $(last_words "$SECRET_DIR/dump-said")"
}

find_schemas() {
  ask "SELECT schema_name FROM information_schema.schemata WHERE $USER_SCHEMAS ORDER BY schema_name" 'cannot list the schemas'
  mapfile -t schemas <"$WORK_DIR/.dump-answer"
  [[ -n $DATABASES ]] || return 0
  local visible schema
  visible=$'\n'$(<"$WORK_DIR/.dump-answer")$'\n'
  IFS=, read -r -a schemas <<<"$DATABASES"
  for schema in "${schemas[@]}"; do
    [[ $visible == *$'\n'"$schema"$'\n'* ]] || fail "there is no schema '$schema', or user $DB_USER may not see it"
  done
}

# Without TRIGGER, EVENT or a right to routines the server shows none of them, and the dump tool finds nothing wrong.
check_privileges() {
  ask "SELECT '*', privilege_type FROM information_schema.user_privileges WHERE $1
       UNION SELECT table_schema, privilege_type FROM information_schema.schema_privileges WHERE $1
       UNION SELECT CONCAT(table_schema, '.', table_name), privilege_type FROM information_schema.table_privileges WHERE $1" \
    'cannot read the privileges'
  local on what schema privilege
  declare -A granted=() levels=()
  while IFS=$'\t' read -r on what; do granted[$on/$what]=1 levels[$on]=1; done <"$WORK_DIR/.dump-answer"
  for schema in "${schemas[@]}"; do
    for privilege in SELECT 'SHOW VIEW' TRIGGER EVENT; do
      [[ -n ${granted[*/$privilege]:-} ]] || granted_on_schema "$schema" "$privilege" ||
        fail "user $DB_USER lacks $privilege on schema '$schema': part of it would be missing from the dump"
    done
  done
  [[ -n ${granted[*/SELECT]:-}${granted[*/SHOW_ROUTINE]:-}${granted[*/SHOW CREATE ROUTINE]:-}${granted[mysql.proc/SELECT]:-} ]] ||
    fail "user $DB_USER may not see stored routines: grant SHOW_ROUTINE (MySQL) or SELECT on mysql.proc (MariaDB)"
}

# Of several grants that match a schema the server takes one, the most exact: so where the name itself is not among
# them, every pattern that matches must grant it.
granted_on_schema() {
  if [[ -n ${levels[$1]:-} ]]; then
    [[ -n ${granted[$1/$2]:-} ]]
    return
  fi
  local level pattern found=1
  for level in "${!levels[@]}"; do
    pattern=${level//\\\\_/$'\x01'}
    pattern=${pattern//\\\\%/$'\x02'}
    pattern=${pattern//_/?}
    pattern=${pattern//%/*}
    pattern=${pattern//$'\x01'/_}
    pattern=${pattern//$'\x02'/%}
    # shellcheck disable=SC2053 # a pattern on purpose
    [[ $level != '*' && $1 == $pattern ]] || continue
    [[ -n ${granted[$level/$2]:-} ]] || return 1
    found=0
  done
  return "$found"
}

# The dump, its record and its compression at once; each part's exit status counts.
run_pipe() {
  local record statuses
  mkfifo "$WORK_DIR/.dump-fifo"
  contents_of_dump "$WORK_DIR/.dump-digests" <"$WORK_DIR/.dump-fifo" >"$WORK_DIR/.dump-contents" 2>"$SECRET_DIR/dump-said-4" &
  record=$!
  set +e
  dump "${schemas[@]}" 2>"$SECRET_DIR/dump-said-0" |
    tee "$WORK_DIR/.dump-fifo" 2>"$SECRET_DIR/dump-said-1" |
    gzip -c 2>"$SECRET_DIR/dump-said-2" |
    seal >"$WORK_DIR/.dump" 2>"$SECRET_DIR/dump-said-3"
  statuses=("${PIPESTATUS[@]}")
  wait "$record"
  statuses+=("$?")
  printf '%s' "${statuses[*]}" >"$SECRET_DIR/dump-statuses"
}

make_dump() {
  in_background run_pipe 2>"$SECRET_DIR/dump-said" || true
  local statuses names=('the dump' 'the copy to the record' 'compression' 'writing' 'the record') index
  read -r -a statuses <"$SECRET_DIR/dump-statuses" || true
  ((${#statuses[@]} == ${#names[@]})) || fail "the dump did not come to its end: $(last_words "$SECRET_DIR/dump-said")"
  # Where one part fails, those before it find their pipe broken: blame the last that failed by itself.
  for index in 3 2 4 1 0; do
    ((statuses[index] == 0 || statuses[index] == 141)) ||
      fail "${names[index]} ended with status ${statuses[index]}: $(last_words "$SECRET_DIR/dump-said-$index")"
  done
  [[ ${statuses[*]} != *141* ]] || fail "a part of the dump was cut off (statuses ${statuses[*]})"
}

# Read what was written, as a restore would: it opens, unpacks, and its last line says that the tool came to its end.
check_file() {
  in_background last_line_of_file >"$WORK_DIR/.dump-last" 2>"$SECRET_DIR/dump-said" ||
    fail "the file that was written does not open: $(last_words "$SECRET_DIR/dump-said")"
  [[ $(<"$WORK_DIR/.dump-last") == '-- Dump completed'* ]] || fail 'the dump has no completion mark: it is cut'
}

last_line_of_file() { unseal <"$WORK_DIR/.dump" | gzip -dc | tail -n 1; }

describe() {
  local version tables rows
  version=$(<"$WORK_DIR/.dump-version")
  tables=$(number_of_tables "$WORK_DIR/.dump-contents")
  rows=$(sum_of_rows "$WORK_DIR/.dump-contents")
  if ((rows == 0)) && [[ $ALLOW_EMPTY != true ]]; then
    fail "not one of $tables tables holds a row: an empty database is a backup only where ALLOW_EMPTY is true"
  fi
  log "dumped ${#schemas[@]} schemas, $tables tables, $rows rows"
  printf '  "serverVersion": %s,\n  "dumpTool": %s,\n' "$(json_string "$version")" "$(json_string "$("$DUMP" --no-defaults --version)")"
  printf '  "tables": %s,\n  "rows": %s,\n  "tablesWithoutTransactions": %s,\n' "$tables" "$rows" "$without_transactions"
  # The client escapes backslashes and line breaks as JSON does; the quotes are left.
  printf '  "definers": [\n'
  sed -e 's/"/\\"/g' -e 's/.*/    "&"/' -e '$!s/$/,/' "$WORK_DIR/.dump-definers"
  printf '  ],\n  "contents": [\n'
  sed -e 's/^/    /' -e '$!s/$/,/' "$WORK_DIR/.dump-contents"
  printf '  ],\n'
}

already_finished && exit 0
rm -f "$BACKUP_FILE" "$MANIFEST_FILE" "$WORK_DIR"/.dump*
check_encryption
first_command DUMP mariadb-dump mysqldump
first_command CLIENT mariadb mysql
write_option_file "$SECRET_DIR/client.cnf"
choose_dump_options

ask 'SELECT VERSION()' 'cannot connect'
mv "$WORK_DIR/.dump-answer" "$WORK_DIR/.dump-version"
find_schemas
((${#schemas[@]} > 0)) || fail "user $DB_USER sees no schema of its own to dump"
check_privileges "grantee = CONCAT(QUOTE(LEFT(CURRENT_USER(), CHAR_LENGTH(CURRENT_USER()) - CHAR_LENGTH(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)) - 1)), '@', QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)))"
ask "SELECT COUNT(*) FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND engine <> 'InnoDB' AND $USER_TABLES" 'cannot list the tables'
without_transactions=$(<"$WORK_DIR/.dump-answer")
((without_transactions == 0)) || log "WARNING: $without_transactions tables are not InnoDB: one transaction does not keep them consistent"

# Users are not part of a dump, but a view on a view is not restored where the user who made the inner one is missing.
ask "SELECT DISTINCT CONCAT(QUOTE(LEFT(definer, CHAR_LENGTH(definer) - CHAR_LENGTH(SUBSTRING_INDEX(definer, '@', -1)) - 1)), '@', QUOTE(SUBSTRING_INDEX(definer, '@', -1))) AS account
  FROM (SELECT definer, table_schema AS in_schema FROM information_schema.views
    UNION SELECT definer, routine_schema FROM information_schema.routines
    UNION SELECT definer, trigger_schema FROM information_schema.triggers
    UNION SELECT definer, event_schema FROM information_schema.events) AS d
  WHERE definer LIKE '%@%' AND in_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') ORDER BY account" 'cannot list the definers'
mv "$WORK_DIR/.dump-answer" "$WORK_DIR/.dump-definers"

name=$(backup_name)
created_at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
suffix=sql.gz
if encryption_wanted; then suffix=sql.gz.enc; fi
make_dump
check_file
describe >"$WORK_DIR/.dump-extra"
finish_backup mysql "$suffix" "$name" "$created_at" "$WORK_DIR/.dump" "$WORK_DIR/.dump-extra"
