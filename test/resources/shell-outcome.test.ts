import { parseShell } from '../../lib/resources/shell';
import { outcomesOf, programWords } from '../../lib/resources/shell-outcome';

/** `program: outcome` of each command whose program is in capitals or a dump, in order. */
function outcomes(script: string, options = { errexit: false, pipefail: false }): string[] {
  return outcomesOf(parseShell(script), options)
    .filter(({ command }) => programWords(command.words)[0] === 'dump')
    .map(({ outcome, command }) => `${command.line}: ${outcome}`);
}

describe('the status of a command', () => {
  test.each([
    ['is kept when the command ends the script', 'dump > f', ['1: kept']],
    ['is ignored when another command follows', 'dump > f\necho done', ['1: ignored']],
    ['is kept under set -e', 'set -e\ndump > f\necho done', ['2: kept']],
    ['is ignored again after set +e', 'set -e\nset +e\ndump > f\necho done', ['3: ignored']],
    ['is lost in a pipe', 'set -e\ndump | gzip > f', ['2: lost in the pipe']],
    ['survives a pipe under pipefail', 'set -euo pipefail\ndump | gzip > f\necho done', ['2: kept']],
    ['is ignored under pipefail alone', 'set -o pipefail\ndump | gzip > f\necho done', ['2: ignored']],
    ['is kept at the end of a pipe', 'echo x | dump', ['1: kept']],
    ['is swallowed by || true', 'set -e\ndump > f || true', ['2: swallowed']],
    ['is swallowed by || echo', 'dump > f || echo "failed"', ['1: swallowed']],
    ['is swallowed by a group that only talks', 'dump || { echo failed; exit 0; }\nnext', ['1: swallowed']],
    ['is kept by || exit 1', 'dump > f || exit 1\necho done', ['1: kept']],
    ['is kept by a group that exits', 'dump > f || { echo failed >&2; exit 1; }\necho done', ['1: kept']],
    ['is kept by a handler that nobody here knows', 'dump > f || die "no dump"\necho done', ['1: kept']],
    ['is kept by a variable that remembers it', 'dump > f || status=1\necho done', ['1: kept']],
    ['is kept when if asks', 'if dump > f; then echo ok; else exit 1; fi\necho done', ['1: kept']],
    ['is kept when if ! asks', 'if ! dump > f; then exit 1; fi\necho done', ['1: kept']],
    ['is kept when the next command reads $?', 'dump > f\nif [ $? -ne 0 ]; then exit 1; fi\necho done', ['1: kept']],
    ['is ignored before && although set -e is on', 'set -e\ndump > f && gzip f\necho done', ['2: ignored']],
    ['is kept before && at the end', 'dump > f && gzip f', ['1: kept']],
    ['is ignored in a loop, whose status is that of its last round', 'for db in a b; do\n dump $db > $db.sql\ndone', ['2: ignored']],
    ['is kept in a loop under set -e', 'set -e\nfor db in a b; do dump $db > $db.sql; done\necho done', ['2: kept']],
    ['is returned by a function', 'save() {\n dump > f\n}\nsave || exit 1\necho done', ['2: kept']],
    ['is ignored in the middle of a function', 'function save { dump > f; echo saved; }\nsave', ['1: ignored']],
    ['is lost in a group that is piped', '{ dump a; } | gzip > f', ['1: lost in the pipe']],
    ['is kept in an assignment under set -e', 'set -e\nx=$(dump)\necho done', ['2: kept']],
    ['is ignored in an argument', 'set -e\necho "$(dump)"', ['2: ignored']],
    ['is lost in the background', 'dump > f &\necho done', ['1: in the background']],
    ['is kept in the background when the script waits', 'dump > f &\nwait $!', ['1: kept']],
    ['is kept past timeout', 'set -e; timeout 60 dump > f; echo done', ['1: kept']],
    ['follows the options of sh -c', 'set -euo pipefail\nbash -c "dump | gzip > f"', ['2: lost in the pipe']],
  ])('%s', (_, script, expected) => {
    expect(outcomes(script)).toEqual(expected);
  });

  test('follows the flags of the shell', () => {
    expect(outcomes('dump | gzip > f\necho done', { errexit: true, pipefail: true })).toEqual(['1: kept']);
  });
});

test.each([
  ['comments', '# dump\necho x # dump'],
  ['quoted text', 'echo "dump | gzip"; echo \'dump\''],
  ['here-documents', 'cat <<EOF > x.sh\ndump > f\nEOF\necho done'],
  ['arguments', 'echo dump'],
])('no command is found in %s', (_, script) => {
  expect(outcomes(script)).toEqual([]);
});

test.each([
  '(((((',
  'if then fi do done',
  "echo 'open",
  '$(',
  '`',
  'case x in',
  '<<',
  'f() {',
  '|| && ;',
  '"$('.repeat(2000),
  '('.repeat(20000),
  '{ '.repeat(20000),
])('text that no shell takes still ends: %.20s', (script) => {
  expect(Array.isArray(outcomesOf(parseShell(script), { errexit: false, pipefail: false }))).toBe(true);
});
