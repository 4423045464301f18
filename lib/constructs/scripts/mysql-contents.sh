# shellcheck shell=bash
# What a dump holds, read from the dump itself: a JSON line for each table with its rows and a checksum, and one for
# each schema, view, sequence, set of routines and set of events. Sourced, never run. Expects step.sh.
#
# Read from the stream, the record describes exactly the snapshot that was dumped, whatever is written meanwhile, and
# costs the database nothing. Two facts about the tools make it cheap: they escape every line break in a value, so a
# line that starts with INSERT is a statement; and outside of strings a row is the only thing that has a parenthesis.
# The same tool prints the same text for the same data, so a restored server's dump must give the same lines.
set -Eeuo pipefail

# contents_of_dump DIGESTS: reads a dump, prints the lines. DIGESTS is a scratch file.
contents_of_dump() {
  : >"$1"
  # shellcheck disable=SC2016 # a program of awk, not of the shell
  DIGESTS=$1 awk '
    function json(text) {
      gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text); gsub(/\t/, "\\t", text)
      return text
    }
    # The text between the first and the last quote of a comment line, with doubled quotes made single.
    function quoted(line, quote,    from, text) {
      from = index(line, quote)
      text = substr(line, from + 1)
      sub(quote "[^" quote "]*$", "", text)
      gsub(quote quote, quote, text)
      return text
    }
    function open_part(new_kind, new_name) {
      if (new_kind == kind && new_name == name) return
      close_part()
      kind = new_kind; name = new_name; count += 1
      heads[count] = sprintf("{\"database\":\"%s\",\"kind\":\"%s\",\"name\":\"%s\",", json(database), kind, json(name))
    }
    function close_part() {
      if (kind == "") return
      if (kind == "table") heads[count] = heads[count] "\"rows\":" rows ","
      printf "" | digest
      close(digest)
      kind = ""; rows = 0
    }
    function rows_in(line,    pieces, number, at, found) {
      if (index(line, "\\")) gsub(/\\./, "", line)
      number = split(line, pieces, "\047")
      for (at = 1; at <= number; at += 2) found += gsub(/\(/, "(", pieces[at])
      return found
    }
    BEGIN { digest = "sha256sum >> \"$DIGESTS\""; rows = 0 }

    /^DELIMITER / { in_body = ($2 != ";") }
    !in_body && !in_insert && after_rule && /^-- / {
      if (/^-- Current Database: `/) { close_part(); database = quoted($0, "`"); open_part("schema", database) }
      else if (/^-- (Table structure|Dumping data) for table `/) open_part("table", quoted($0, "`"))
      else if (/^-- Temporary (table|view) structure for view `/) open_part("view-columns", quoted($0, "`"))
      else if (/^-- Final view structure for view `/) open_part("view", quoted($0, "`"))
      else if (/^-- Sequence structure for `/) open_part("sequence", quoted($0, "`"))
      else if (/^-- Dumping routines for database /) open_part("routines", database)
      else if (/^-- Dumping events for database /) open_part("events", database)
    }
    { after_rule = ($0 == "--") }
    /^--/ || /^$/ { next }
    kind == "" { next }
    { print | digest }
    kind == "table" && !in_body && /^(INSERT|REPLACE) / {
      line = $0
      sub(/^(INSERT|REPLACE) +(IGNORE +)?INTO +(`[^`]*`)+ */, "", line)
      if (substr(line, 1, 2) == "(`") sub(/^\(((`[^`]*`)+, *)*(`[^`]*`)+\) */, "", line)
      rows += rows_in(line)
      in_insert = (line !~ /;$/)
      next
    }
    in_insert { rows += rows_in($0); in_insert = ($0 !~ /;$/) }
    END {
      close_part()
      for (at = 1; at <= count; at += 1) {
        if ((getline sum < ENVIRON["DIGESTS"]) <= 0) { print "no checksum of part " at > "/dev/stderr"; exit 1 }
        printf "%s\"sha256\":\"%s\"}\n", heads[at], substr(sum, 1, 64)
      }
    }
  '
}

# sum_of_rows FILE, number_of_tables FILE
sum_of_rows() { awk 'match($0, /"rows":[0-9]+,"sha256":/) { rows += substr($0, RSTART + 7) } END { printf "%d", rows }' "$1"; }
number_of_tables() { awk '/"kind":"table","name":/ { tables += 1 } END { printf "%d", tables }' "$1"; }
