# shellcheck shell=bash
# Restoring a fetched backup into the server that `sql` talks to, and holding the result against the manifest.
# Sourced, never run. Expects step.sh, manifest.sh, seal.sh, mysql-client.sh, mysql-contents.sh.
#
# Each function leaves what went wrong in `problem` and returns 1, for a drill must report it and a restore must stop.
set -Eeuo pipefail
problem=''

check_manifest() {
  local encryption
  manifest_field encryption encryption
  if ! encryption_wanted; then
    [[ $encryption == none ]] || { problem="the backup is encrypted ($encryption) and no key was given"; return 1; }
    return 0
  fi
  [[ $encryption != none ]] || { problem='a key was given but the backup is not encrypted: anybody could have written it'; return 1; }
  manifest_is_authentic || { problem='the manifest was not written with this key, or was changed since'; return 1; }
}

# pour_in [SQL]: restores the backup, after the SQL.
pour_in() {
  in_background pour_pipe "${1:-}" 2>"$WORK_DIR/.restore-said" || { problem="the restore failed: $(grep -m 1 '^ERROR' "$WORK_DIR/.restore-said" || last_words "$WORK_DIR/.restore-said")"; return 1; }
}

pour_pipe() {
  {
    printf '%s\n' "$1"
    unseal <"$BACKUP_FILE" | gzip -dc
  } | sql --binary-mode --max-allowed-packet=1G
}

recorded_contents() { sed -n -e 's/^    \({"database":.*}\),\{0,1\}$/\1/p' "$MANIFEST_FILE"; }

# The accounts that made views, routines, triggers and events, as SQL writes them.
recorded_definers() {
  sed -n -e '/^  "definers": \[$/,/^  \],$/s/^    "\(.*\)",\{0,1\}$/\1/p' "$MANIFEST_FILE" | sed -e 's/\\"/"/g' -e 's/\\\\/\\/g'
}

missing_definers() {
  recorded_definers | sort >"$WORK_DIR/.restore-definers"
  in_background sql --raw --execute="SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.user" >"$WORK_DIR/.restore-users" 2>"$WORK_DIR/.restore-said" ||
    { problem="cannot list the users: $(last_words "$WORK_DIR/.restore-said")"; return 1; }
  sort "$WORK_DIR/.restore-users" | comm -23 "$WORK_DIR/.restore-definers" - >"$WORK_DIR/.restore-missing"
}

# create_definers LOCK: LOCK keeps everybody from logging in by them.
create_definers() {
  missing_definers || return 1
  sed -e "s/.*/CREATE USER & $1; GRANT ALL ON *.* TO &;/" "$WORK_DIR/.restore-missing" >"$WORK_DIR/.restore-create"
  in_background sql <"$WORK_DIR/.restore-create" 2>"$WORK_DIR/.restore-said" ||
    { problem="cannot create the definers of views and routines: $(last_words "$WORK_DIR/.restore-said")"; return 1; }
}

# The server counts, the manifest has what the dump's text held: two ways to the same numbers.
compare_rows() {
  recorded_contents >"$WORK_DIR/.restore-recorded"
  {
    in_background sql --raw --execute="SELECT CONCAT('SELECT ', QUOTE(table_schema), ', ', QUOTE(table_name), ', COUNT(*) FROM \`', REPLACE(table_schema, '\`', '\`\`'), '\`.\`', REPLACE(table_name, '\`', '\`\`'), '\`;')
      FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND $USER_TABLES" >"$WORK_DIR/.restore-queries" &&
      in_background sql <"$WORK_DIR/.restore-queries" >"$WORK_DIR/.restore-counts"
  } 2>"$WORK_DIR/.restore-said" || { problem="cannot count the restored rows: $(last_words "$WORK_DIR/.restore-said")"; return 1; }
  awk -F '\t' '{ gsub(/"/, "\\\""); printf "{\"database\":\"%s\",\"kind\":\"table\",\"name\":\"%s\",\"rows\":%s\n", $1, $2, $3 }' "$WORK_DIR/.restore-counts" | sort >"$WORK_DIR/.restore-is"
  sed -n -e 's/^\(.*"kind":"table","name":.*\),"sha256":"[0-9a-f]*"}$/\1/p' "$WORK_DIR/.restore-recorded" | sort >"$WORK_DIR/.restore-was"
  same_lines "$WORK_DIR/.restore-was" "$WORK_DIR/.restore-is" 'rows'
}

# Dumping the restored server again must give the same text. Another version of the tool may write it otherwise.
compare_checksums() {
  local tool schemas
  manifest_field tool dumpTool
  if [[ "$(json_string "$("$DUMP" --no-defaults --version)")" != "\"$tool\"" ]]; then
    compared='rows (the dump tool has changed since: checksums say nothing)'
    return 0
  fi
  in_background sql --raw --execute="SELECT schema_name FROM information_schema.schemata WHERE $USER_SCHEMAS ORDER BY schema_name" >"$WORK_DIR/.restore-schemas" || { problem='cannot list the restored schemas'; return 1; }
  mapfile -t schemas <"$WORK_DIR/.restore-schemas"
  in_background dump_again "${schemas[@]}" >"$WORK_DIR/.restore-again" 2>"$WORK_DIR/.restore-said" || { problem="cannot dump the restored server: $(last_words "$WORK_DIR/.restore-said")"; return 1; }
  sort "$WORK_DIR/.restore-again" >"$WORK_DIR/.restore-is"
  sort "$WORK_DIR/.restore-recorded" >"$WORK_DIR/.restore-was"
  # shellcheck disable=SC2034 # for those who source this
  compared='rows and checksums'
  same_lines "$WORK_DIR/.restore-was" "$WORK_DIR/.restore-is" 'contents'
}

dump_again() { dump "$@" | contents_of_dump "$WORK_DIR/.restore-digests"; }

same_lines() {
  local missing surplus example
  missing=$(comm -23 "$1" "$2" | wc -l)
  surplus=$(comm -13 "$1" "$2" | wc -l)
  ((missing + surplus > 0)) || return 0
  example=$({ comm -23 "$1" "$2" | head -n 1; comm -13 "$1" "$2" | head -n 1; } | tr '\n"' " '")
  # shellcheck disable=SC2034 # for those who source this
  problem="the restored $3 are not those of the backup: $missing recorded are missing, $surplus are not recorded, as ${example:0:400}"
  return 1
}
