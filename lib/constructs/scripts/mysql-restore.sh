# shellcheck shell=bash
# The emergency: restores the fetched backup into a server that people use, and compares the result with what the
# backup recorded of itself. Refuses a server that already has tables in those schemas. Runs in the database's image.
#
# DB_HOST DB_PORT DB_USER DB_PASSWORD [DB_CA_FILE]   the server, and a user who may create everything
# OVERWRITE                 true: tables that are there are replaced by the backup's
# CREATE_DEFINERS           true: users who made views and routines and are missing are created, locked, with all rights
# ENCRYPTION_KEY_FILE       as the backup's
# WORK_DIR SECRET_DIR       scratch space with the fetched backup; a folder in memory
set -Eeuo pipefail
here=${BASH_SOURCE[0]%/*}
# shellcheck source=step.sh
. "$here/step.sh"
require WORK_DIR SECRET_DIR DB_HOST DB_USER DB_PASSWORD
: "${OVERWRITE:=false}" "${CREATE_DEFINERS:=false}"
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

clean_up() { rm -f "$WORK_DIR"/.restore* "$SECRET_DIR/client.cnf"; }

check_target() {
  in_background sql --execute="SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables WHERE $USER_TABLES ORDER BY 1" \
    >"$WORK_DIR/.restore-there" 2>"$WORK_DIR/.restore-said" || fail "cannot connect to $DB_HOST: $(last_words "$WORK_DIR/.restore-said")"
  [[ ! -s $WORK_DIR/.restore-there || $OVERWRITE == true ]] ||
    fail "$DB_HOST already has $(wc -l <"$WORK_DIR/.restore-there") tables, as $(head -n 1 "$WORK_DIR/.restore-there"): set OVERWRITE=true to replace those that the backup holds"
}

[[ -f $MANIFEST_FILE && -f $BACKUP_FILE ]] || fail "there is no fetched backup in $WORK_DIR"
check_encryption
check_manifest || fail "$problem"
first_command CLIENT mariadb mysql
write_option_file "$SECRET_DIR/client.cnf"
check_target
if [[ $CREATE_DEFINERS == true ]]; then
  create_definers 'ACCOUNT LOCK' || fail "$problem"
else
  missing_definers || fail "$problem"
  [[ ! -s $WORK_DIR/.restore-missing ]] ||
    fail "$DB_HOST has no user $(paste -s -d ' ' "$WORK_DIR/.restore-missing"), who made views or routines of the backup: create them first, or set CREATE_DEFINERS=true"
fi
manifest_field name name
# shellcheck disable=SC2154 # set by the line above
log "restoring $name into $DB_HOST"
pour_in "" || fail "$problem"
if [[ $OVERWRITE == true ]]; then
  log "RESTORED: $name into $DB_HOST, over what was there: rows were not compared, for other tables may be among them"
else
  compare_rows || fail "$problem"
  log "RESTORED: $name into $DB_HOST; every table has the rows that the backup recorded"
fi
