/** What the command line of an HTTP client connects to: its targets, or the proxy that it asks in their stead. */
import type { Address } from './need';
import { addressesOf, hostPorts, plainHost } from './needs-address';

/** Options that take a value, letter by letter: they may stand behind others in one word, as in `-sSfLo file`. */
const VALUED_LETTERS: Readonly<Record<string, string>> = { curl: 'AbcCdDeEFHKmoPQrtTuUwXyYz', wget: 'OoaeiPQtTwUARDIXlB' };
const OTHER_LETTERS = 'AbcdeFHKmnoOTtuwXz';
const VALUED = new Set(
  ('header data data-raw data-binary data-ascii data-urlencode form-string output output-dir output-document user user-agent referer request write-out ' +
    'max-time connect-timeout retry retry-delay retry-max-time max-redirs limit-rate speed-limit speed-time upload-file cookie cookie-jar cert key cacert capath config resolve ' +
    'connect-to interface dns-servers noproxy range proxy-user proxy-header unix-socket netrc-file oauth2-bearer aws-sigv4 proto dump-header trace trace-ascii stderr url-query ' +
    'post-data post-file body-data body-file method timeout tries directory-prefix ca-certificate certificate private-key http-user http-password bind-address wait waitretry').split(' '),
); // prettier-ignore
const PROXY = new Set(['proxy', 'preproxy', 'socks4', 'socks4a', 'socks5', 'socks5-hostname']);

export function requestAddresses(program: string, words: readonly string[]): Address[] {
  const { targets, proxies } = argumentsOf(words, program);
  if (proxies.length > 0) return proxies.flatMap((proxy) => (proxy.includes('://') ? addressesOf(proxy) : hostPorts(proxy)));
  const urls = targets.filter((target) => target.includes('://'));
  return urls.length > 0 ? urls.flatMap((url) => addressesOf(url)) : targets.flatMap(withoutScheme);
}

function argumentsOf(words: readonly string[], program: string): { readonly targets: string[]; readonly proxies: string[] } {
  const targets: string[] = [];
  const proxies: string[] = [];
  const letters = VALUED_LETTERS[program] ?? OTHER_LETTERS;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const [, long, joined] = /^--([\w-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (long !== undefined && PROXY.has(long)) proxies.push(joined ?? words[++index] ?? '');
    else if (long !== undefined) index += joined === undefined && VALUED.has(long) ? 1 : 0;
    else if (!word.startsWith('-')) targets.push(word);
    else {
      const at = [...word].findIndex((letter, place) => place > 0 && (letters.includes(letter) || isProxyLetter(letter, program)));
      const value = at < 0 ? undefined : word.slice(at + 1) || words[++index];
      if (value !== undefined && isProxyLetter(word[at] ?? '', program)) proxies.push(value);
    }
  }
  return { targets, proxies };
}

function isProxyLetter(letter: string, program: string): boolean {
  return letter === 'x' && program === 'curl';
}

function withoutScheme(target: string): Address[] {
  const authority = target.split(/[/?]/)[0] ?? '';
  const withPort = hostPorts(authority);
  if (withPort.length > 0) return withPort;
  const host = authority.includes('.') ? plainHost(authority) : undefined;
  return host === undefined ? [] : [{ host, port: 80, scheme: 'http' }];
}
