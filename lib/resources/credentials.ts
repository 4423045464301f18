/**
 * What is a credential, and what only looks like one.
 *
 * The insight: names tell more than values. A variable named after a password holds one, unless its value is a reference,
 * a path, a switch or a placeholder that something fills in later. Values are looked at only for shapes that are nothing
 * else: a URL with a password, a private key, a token with its issuer's prefix.
 */
import { programWords, outcomesOf } from './shell-outcome';
import { parseShell } from './shell';

const NAMED =
  /(password|passwd|passphrase|(^|[_\-.])(pwd|pass|secret|token|api_?key|secret_?key|access_?key|private_?key|client_?secret|auth_?key|encryption_?key|credentials?))$/;
/** The name says that it is about a credential, and is none: where it lies, what it is called, how long it lives. */
const ABOUT =
  /(allow_empty|random|no_|disable|enable|require|use_|skip)|((access_?)key_?id|_file|_path|_name|_ref|_url|_type|_length|_ttl|_expiry|_expiration|_header|cluster_token)$/;

/** What NAMED asks for in any case: nearly every name is told apart by it alone. */
const HINT = /pass|pwd|secret|token|key|credential/i;

/** Whether a variable, key or field of this name holds a credential. */
export function isCredentialName(name: string): boolean {
  if (!HINT.test(name)) return false;
  const lower = name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
  return NAMED.test(lower) && !ABOUT.test(lower);
}

/** Whether a value is a reference, a path, a switch or a placeholder: nothing that anybody could use. */
export function isNoCredential(value: string): boolean {
  const text = value.trim();
  return (
    text === '' ||
    /^(true|false|yes|no|on|off|null|none|enabled|disabled|\d{1,3})$/i.test(text) ||
    /^[*x•.?-]+$/i.test(text) ||
    /^(<.*>|\[.*\]|%.*%|__.*__|@.*@)$/s.test(text) ||
    /\$\{|\$\(|\{\{|^\$[A-Za-z_]\w*$/.test(text) ||
    /^(change|replace|your|insert|enter|todo|fixme|example|dummy|placeholder|redacted|set)[-_ ]?(me|this|it|your|here|with|in|by|a|the|value|before|from|via)?(?![a-z0-9])/i.test(
      text,
    ) ||
    /^your[-_ ]?(?:[a-z0-9]+[-_ ]){0,3}(?:password|passphrase|passwd|secret|token|key|credentials?|value)(?:[-_ ]here)?$/i.test(text) ||
    /^\/[\w./-]+$/.test(text) ||
    /^(vault|ref\+\w+|arn:aws|file|env|op|sops|secretref|keyvault|gcp|aws)(:|\+|:\/\/)/i.test(text) ||
    /^ENC\[/.test(text)
  );
}

const TOKENS =
  /\b(ghp_[A-Za-z0-9]{36}|github_pat_\w{40,}|glpat-[\w-]{20,}|xox[baprs]-[\w-]{20,}|sk_live_\w{20,}|AIza[\w-]{35}|eyJ[\w-]{10,2000}\.eyJ[\w-]{10,2000}\.[\w-]{10}[\w-]*)\b/;
const SHORTEST_TOKEN = 20;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;
const URL_PASSWORD = /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@'"]{0,128}:([^\s@/'"]{1,256})@/gi;
const QUERY_PASSWORD = /[?&;](?:password|pwd)=([^&;\s'"]{1,256})/gi;

/** What kind of credential a text contains by its shape alone. @returns undefined when it contains none */
export function credentialIn(text: string): string | undefined {
  if (text.includes('-----BEGIN') && PRIVATE_KEY.test(text)) return 'a private key';
  if (text.length >= SHORTEST_TOKEN && TOKENS.test(text)) return 'an access token';
  for (const [, password = ''] of text.includes('@') ? text.matchAll(URL_PASSWORD) : [])
    if (!isNoCredential(password) && !password.startsWith('$')) return 'a URL with a password';
  for (const [, password = ''] of text.includes('=') ? text.matchAll(QUERY_PASSWORD) : [])
    if (!isNoCredential(password) && !password.startsWith('$')) return 'a connection string with a password';
  return undefined;
}

/** Clients whose `-p` takes the password right behind it. */
const MYSQL_CLIENTS =
  /^(mysql|mysqldump|mysqladmin|mysqlcheck|mysqlimport|mysqlpump|mysqlshow|mariadb|mariadb-\w+|mydumper|myloader|xtrabackup|mariabackup)$/;

/** The option of a command line that gives a password in the clear. @returns undefined when none does */
export function passwordOption(words: readonly string[]): string | undefined {
  const [program = '', ...rest] = programWords(words);
  for (const [index, word] of rest.entries()) {
    const option = passwordIn(program, word, rest[index + 1]);
    if (option !== undefined) return option;
  }
  return undefined;
}

/** The option that one word of a command line is, where it gives a password away, by itself or by the word after it. */
export function passwordIn(program: string, word: string, next = ''): string | undefined {
  const [, option = '', value] = /^(--?[A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(word) ?? [];
  if (option.startsWith('--') && isCredentialName(option.slice(2)) && isClear(value ?? (next.startsWith('-') ? '' : next))) return option;
  if ((MYSQL_CLIENTS.test(program) || program === 'sshpass') && /^-p./.test(word) && isClear(word.slice(2))) return '-p';
  if (program === 'redis-cli' && word === '-a' && isClear(next)) return '-a';
  if (program === 'curl' && (word === '-u' || word === '--user') && isClear(next.split(':').slice(1).join(':'))) return word;
  return undefined;
}

/** The same for a shell script, where an assignment before a command counts too. */
export function passwordInScript(script: string): string | undefined {
  // Parsing is dear, and most scripts have nothing of the kind.
  if (!/pass|pwd|secret|token|key|credential|\s-[pau]/i.test(script)) return undefined;
  for (const { command } of outcomesOf(parseShell(script), { errexit: false, pipefail: false })) {
    const option = passwordOption(command.words);
    if (option !== undefined) return option;
    const assignment = command.assignments.find((text) => {
      const [name = '', ...value] = text.split('=');
      return (isCredentialName(name) || name === 'MYSQL_PWD' || name === 'PGPASSWORD') && isClear(value.join('='));
    });
    if (assignment !== undefined) return assignment.split('=')[0];
  }
  return undefined;
}

export type Span = readonly [from: number, to: number];

/** Programs and options in front of a password, as they stand on one line. */
const OPTIONS: readonly RegExp[] = [
  /\b(?:mysql\w*|mariadb[\w-]*|mydumper|myloader|xtrabackup|mariabackup|sshpass)\b[^|;&]{0,400}?\s["']?-p([^\s"',\]]+)/dg,
  /\bredis-cli\b[^|;&]{0,400}?\s-a[\s"',]+([^\s"',\]]+)/dg,
  /\bcurl\b[^|;&]{0,400}?\s(?:-u|--user)[\s"',=]+[^\s:"']*:([^\s"',\]]+)/dg,
  /--([A-Za-z][\w.-]*)["']?,?\s+["']?([^\s"',\]-][^\s"',\]]*)/dg,
  /\b([A-Za-z][\w.-]*)=["']?([^\s"',;`)}\]]+)/dg,
];

/** The parts of a text that are credentials by their shape, or by the option or the name in front of them. */
export function credentialSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const { 0: word, index } of text.matchAll(/[^\s"`]+/g))
    if (credentialIn(word) !== undefined) spans.push([index, index + word.length]);
  const key = PRIVATE_KEY.exec(text);
  if (key !== null) spans.push([key.index, text.length]);
  for (const option of OPTIONS)
    for (const { indices } of text.matchAll(option)) {
      const [, first, second] = indices ?? [];
      const value = second ?? first;
      if (first === undefined || value === undefined || !isClear(text.slice(...value))) continue;
      if (second === undefined || isCredentialName(text.slice(...first))) spans.push([value[0], value[1]]);
    }
  return spans;
}

/** Stands for what must not be shown. */
export const HIDDEN = '***';

/** A sentence without the credentials that it quotes. */
export function withoutCredentials(text: string): string {
  return mergedSpans(credentialSpans(text)).reduceRight((rest, [from, to]) => rest.slice(0, from) + HIDDEN + rest.slice(to), text);
}

/** The same parts in order, none touching another. */
export function mergedSpans(parts: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const [from, to] of parts.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last === undefined || from > last[1]) result.push([from, to]);
    else result[result.length - 1] = [last[0], Math.max(last[1], to)];
  }
  return result;
}

/** A literal: not empty, not expanded by the shell or Kubernetes, not a placeholder. */
function isClear(value: string): boolean {
  const text = value.replace(/^(['"])(.*)\1$/s, '$2');
  return !/[$`]/.test(text) && !isNoCredential(text);
}
