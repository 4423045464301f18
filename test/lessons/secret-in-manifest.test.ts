import { secretInManifest } from '../../lib/lessons/secret-in-manifest';
import { isCredentialName, isNoCredential, passwordInScript, passwordOption } from '../../lib/resources/credentials';
import { judged } from './judged';

test('no value of a credential appears in any finding', () => {
  const findings = secretInManifest.bad.flatMap(({ yaml }) => judged(secretInManifest, yaml).findings);
  expect(findings.length).toBeGreaterThan(6);
  const said = findings
    .map(({ message, fix, related }) => JSON.stringify([message, fix, related.map((place) => place.message)]))
    .join('\n');
  for (const value of ['s3cr3t', 'pa55', 'czNj']) expect(said).not.toContain(value);
});

test.each([
  'MYSQL_ROOT_PASSWORD',
  'apiKey',
  'API_TOKEN',
  'spring.datasource.password',
  'clientSecret',
  'AWS_SECRET_ACCESS_KEY',
  'PGPASSWORD',
])('%s names a credential', (name) => expect(isCredentialName(name)).toBe(true));

test.each([
  'AWS_ACCESS_KEY_ID',
  'PASSWORD_FILE',
  'MYSQL_ALLOW_EMPTY_PASSWORD',
  'TOKEN_TTL',
  'SECRET_NAME',
  'SORT_KEY',
  'COMPASS',
  'BYPASS_URL',
  'DB_USER',
])('%s names none', (name) => expect(isCredentialName(name)).toBe(false));

test.each([
  '',
  'true',
  '${DB_PASSWORD}',
  '$(DB_PASSWORD)',
  '<password>',
  'CHANGE_ME',
  'changeme',
  'change_me_before_use',
  'YOUR_PASSWORD',
  'your-api-key-here',
  '/run/secrets/db',
  'vault:secret/db#password',
  '********',
])('%j is no credential', (value) => expect(isNoCredential(value)).toBe(true));

test.each(['hunter2', 'S3cr3t!', 'p@ss', 'correct horse'])('%j may be one', (value) => expect(isNoCredential(value)).toBe(false));

test.each([
  [['mysql', '-uroot', '-phunter2'], '-p'],
  [['/usr/bin/mysqldump', '--password=hunter2'], '--password'],
  [['redis-cli', '-a', 'hunter2'], '-a'],
  [['curl', '-u', 'admin:hunter2', 'http://x'], '-u'],
])('%j gives a password away by %s', (words, option) => expect(passwordOption(words)).toBe(option));

test.each([
  [['mysql', '-P', '3306']],
  [['mysql', '-p']],
  [['mysqladmin', 'ping', '-p$PASSWORD']],
  [['server', '--password-file=/run/x']],
  [['mkdir', '-p/data']],
  [['curl', '-u', 'admin:$PASSWORD']],
])('%j gives none away', (words) => expect(passwordOption(words)).toBeUndefined());

test('an assignment before a command counts, one from a variable does not', () => {
  expect(passwordInScript('PGPASSWORD=hunter2 pg_dump blog')).toBe('PGPASSWORD');
  expect(passwordInScript('PGPASSWORD="$DB" pg_dump blog')).toBeUndefined();
});
