# shellcheck shell=bash
# Restores the fetched backup into a throwaway server inside this pod, which listens on no network, and compares it
# with what the backup recorded of itself. Leaves a verdict for report.sh; a verdict of failure is no failure of this
# step, or nobody could report it. Runs in the database's own image.
#
# WORK_DIR SECRET_DIR       scratch space with the fetched backup; a folder in memory
# DATA_DIR                  the throwaway server's data: empty at the start
# ENCRYPTION_KEY_FILE       as the backup's
# BUFFER_POOL_BYTES START_TIMEOUT_SECONDS
set -Eeuo pipefail
here=${BASH_SOURCE[0]%/*}
# shellcheck source=step.sh
. "$here/step.sh"
require WORK_DIR SECRET_DIR DATA_DIR
: "${BUFFER_POOL_BYTES:=134217728}" "${START_TIMEOUT_SECONDS:=120}"
require_whole_number BUFFER_POOL_BYTES START_TIMEOUT_SECONDS
# shellcheck source=manifest.sh
. "$here/manifest.sh"
# shellcheck source=seal.sh
. "$here/seal.sh"
# shellcheck source=mysql-client.sh
. "$here/mysql-client.sh"
# shellcheck source=mysql-contents.sh
. "$here/mysql-contents.sh"
# shellcheck source=mysql-restored.sh
. "$here/mysql-restored.sh"

server=''
compared='nothing'
socket=$SECRET_DIR/drill.sock

# shellcheck disable=SC2317 # called at the exit
clean_up() {
  if [[ -n $server ]]; then kill -TERM "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  rm -f "$WORK_DIR"/.restore* "$WORK_DIR"/.drill* "$SECRET_DIR/client.cnf"
}

verdict() {
  local backup tables rows
  manifest_field backup name
  manifest_field tables tables
  manifest_field rows rows
  {
    printf '{\n  "format": 1,\n  "backup": "%s",\n  "verdict": "%s",\n  "reason": %s,\n' "$backup" "$1" "$(json_string "${2//\"/\'}")"
    printf '  "tables": %s,\n  "rows": %s,\n  "compared": "%s",\n  "seconds": %s,\n' "$tables" "$rows" "$compared" "$SECONDS"
    printf '  "finishedAt": "%s"\n}\n' "$(date -u +%FT%TZ)"
  } >"$WORK_DIR/verdict.json"
  log "verdict on $backup: $1${2:+: $2}"
  exit 0
}

prepare_data() {
  rm -rf "${DATA_DIR:?}/mysql" "$DATA_DIR/tmp"
  mkdir -p "$DATA_DIR/mysql" "$DATA_DIR/tmp"
  local installer
  # shellcheck disable=SC2153 # set by first_command
  if installer=$(command -v mariadb-install-db || command -v mysql_install_db); then
    in_background "$installer" --no-defaults --datadir="$DATA_DIR/mysql" --tmpdir="$DATA_DIR/tmp" --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve
  else
    in_background "$SERVER" --no-defaults --initialize-insecure --datadir="$DATA_DIR/mysql" --tmpdir="$DATA_DIR/tmp"
  fi >"$WORK_DIR/.drill-said" 2>&1 || fail "cannot prepare the throwaway server: $(last_words "$WORK_DIR/.drill-said")"
}

# Without a network; without events, which would change the data; without care for a crash, which would only be slow.
start_server() {
  "$SERVER" --no-defaults --datadir="$DATA_DIR/mysql" --tmpdir="$DATA_DIR/tmp" --socket="$socket" --pid-file="$DATA_DIR/tmp/pid" \
    --skip-networking --loose-mysqlx=OFF --event-scheduler=OFF --skip-log-bin --max-allowed-packet=1G --loose-secure-file-priv="$DATA_DIR/tmp" \
    --innodb-buffer-pool-size="$BUFFER_POOL_BYTES" --innodb-flush-log-at-trx-commit=0 --loose-innodb-doublewrite=0 --loose-innodb-use-native-aio=0 \
    >"$WORK_DIR/.drill-server" 2>&1 &
  server=$!
  printf '[client]\nsocket="%s"\nuser=root\n' "$socket" >"$SECRET_DIR/client.cnf"
  OPTION_FILE=$SECRET_DIR/client.cnf
  local waited
  for ((waited = 0; waited < START_TIMEOUT_SECONDS * 4; waited += 1)); do
    if sql --execute='SELECT 1' >/dev/null 2>"$WORK_DIR/.drill-said"; then return 0; fi
    kill -0 "$server" 2>/dev/null || fail "the throwaway server ended: $(last_words "$WORK_DIR/.drill-server")"
    in_background sleep 0.25
  done
  fail "the throwaway server did not answer within $START_TIMEOUT_SECONDS seconds: $(last_words "$WORK_DIR/.drill-said")"
}

rm -f "$WORK_DIR/verdict.json"
[[ -f $MANIFEST_FILE && -f $BACKUP_FILE ]] || fail "there is no fetched backup in $WORK_DIR"
check_encryption
check_manifest || verdict failed "$problem"
first_command SERVER mariadbd mysqld
first_command CLIENT mariadb mysql
first_command DUMP mariadb-dump mysqldump
choose_dump_options
prepare_data
start_server
create_definers '' || verdict failed "$problem"
log 'restoring'
# The server refuses an event whose only time is past: in this session nothing is.
pour_in 'SET TIMESTAMP=1;' || verdict failed "$problem"
compare_rows || verdict failed "$problem"
compared=rows
compare_checksums || verdict failed "$problem"
verdict passed ''
