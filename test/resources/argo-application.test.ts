import { applicationSources } from '../../lib/manifest/argo-applications';
import { readYaml } from '../../lib/manifest/yaml';
import { ownUrlsAmong } from '../../lib/resources/argo-application';
import { Resources } from '../../lib/resources/resources';

const application = (name: string, url: string, rest = 'path: apps'): string =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: ${name}, namespace: argocd}\nspec: {source: {repoURL: "${url}", ${rest}}}\n`;
const applicationSet = (url: string): string =>
  `apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: set, namespace: argocd}\nspec: {generators: [{list: {elements: [{a: b}]}}], template: {metadata: {name: made}, spec: {source: {repoURL: "${url}", path: apps}}}}\n`;

const OWN = 'https://git.example.org/shop.git';
const OTHER = 'https://git.example.org/other.git';

test.each([
  ['the remotes, where there are any', [application('a', OTHER)], [OWN], ['git.example.org/shop']],
  ['the one that all name', [application('a', OWN)], [], ['git.example.org/shop']],
  [
    'those that several name',
    [application('a', OWN), application('b', 'git@git.example.org:shop'), application('c', OTHER)],
    [],
    ['git.example.org/shop'],
  ],
  [
    'those that ApplicationSets name too',
    [application('a', OWN), application('b', OTHER), applicationSet(OWN)],
    [],
    ['git.example.org/shop'],
  ],
  [
    'none of charts',
    [application('a', OWN), application('b', OTHER, 'chart: x'), application('c', OTHER, 'chart: y')],
    [],
    ['git.example.org/shop'],
  ],
])('the URLs of this repository are %s, for the reading of files and for lessons', (_, yaml, remotes, urls) => {
  const { documents } = readYaml(yaml.join('---\n'), 'apps.yaml');
  const repository = { remotes, files: new Set(['apps.yaml', 'apps/a.yaml']) };
  expect([...ownUrlsAmong(new Resources(documents), repository)]).toEqual(urls);
  const read = new Set(applicationSources(documents, repository, new Set(['apps'])).map(({ folder }) => folder));
  expect([...read]).toEqual(remotes.length > 0 ? [] : ['apps']);
});
