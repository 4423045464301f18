/** A finding that is accepted in code is silent, and its reason stands where somebody reads the manifest. */
import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import { Lessons } from '../../lib/constructs/accepted-lessons';
import { BlogWeb } from '../../lib/constructs/blog-web';
import { PlatformApp } from '../../lib/constructs/platform-app';
import { Cluster } from '../../lib/facts/cluster';
import { readYaml } from '../../lib/manifest/yaml';
import { at, BLOG_CLUSTER } from './blog';

const LESSON = 'nginx-capabilities';
const ANNOTATION = `hindsight.dev/ignore.${LESSON}`;

/** A web server whose patch takes a capability away: an error of `nginx-capabilities`. */
function broken() {
  const warnings: string[] = [];
  const app = new PlatformApp({ cluster: new Cluster(BLOG_CLUSTER), onWarning: (text) => warnings.push(text) });
  const chart = new Chart(app, 'blog', { namespace: 'blog-system' });
  const web = new BlogWeb(chart, 'web', { image: 'example.org/web:v1', preset: 'root-minimal' });
  const sound = new BlogWeb(chart, 'sound', { image: 'example.org/web:v1' });
  const rollout = ApiObject.of(web.node.findChild('rollout'));
  rollout.addJsonPatch(JsonPatch.remove('/spec/template/spec/containers/0/securityContext/capabilities/add/1'));
  return { app, chart, web, sound, rollout, warnings };
}

/** The objects that carry the acceptance, with its reason. */
function annotated(app: PlatformApp): string[] {
  return readYaml(app.synthYaml(), 'app.yaml').documents.flatMap(({ content }) => {
    const reason = at(content, 'metadata', 'annotations', ANNOTATION);
    return reason === undefined
      ? []
      : [`${String(at(content, 'kind'))} ${String(at(content, 'metadata', 'name'))}: ${JSON.stringify(reason)}`];
  });
}

test('the finding is an error until it is accepted', () => {
  expect(() => broken().app.synthYaml()).toThrow(/blog\/web\/rollout: .*nginx-capabilities/);
});

test.each<[string, (tree: ReturnType<typeof broken>) => Parameters<typeof Lessons.of>[0]]>([
  ['the object', ({ rollout }) => rollout],
  ['the construct', ({ web }) => web],
  ['the chart', ({ chart }) => chart],
  ['the app', ({ app }) => app],
])('accepted at %s it is silent, and only its object carries the reason', (_, place) => {
  const tree = broken();
  Lessons.of(place(tree)).accept(LESSON, 'the image binds no port');
  expect(annotated(tree.app)).toEqual(['Rollout web: "the image binds no port"']);
  expect(tree.warnings.filter((warning) => warning.includes(LESSON))).toEqual([]);
});

test('the nearest reason is the one that is written, and the other was not needed', () => {
  const tree = broken();
  Lessons.of(tree.chart).accept(LESSON, 'far');
  Lessons.of(tree.web).accept(LESSON, 'near');
  expect(annotated(tree.app)).toEqual(['Rollout web: "near"']);
  expect(tree.warnings).toContainEqual(expect.stringMatching(/^warning: blog: accepts nginx-capabilities, which finds nothing there/));
});

test('it silences nothing elsewhere, and says that it is not needed there', () => {
  const tree = broken();
  Lessons.of(tree.sound).accept(LESSON, 'wrong construct');
  expect(() => tree.app.synthYaml()).toThrow(/blog\/web\/rollout: /);
  Lessons.of(tree.web).accept(LESSON, 'right construct');
  tree.app.synthYaml();
  expect(tree.warnings).toContainEqual(
    'warning: blog/sound: accepts nginx-capabilities, which finds nothing there; mend: remove the acceptance [unused-suppression]',
  );
});

test('the app has no path, and is called what it is', () => {
  const { app, web, warnings } = broken();
  Lessons.of(web).accept(LESSON, 'near');
  Lessons.of(app).accept(LESSON, 'far');
  app.synthYaml();
  expect(warnings).toContainEqual(expect.stringMatching(/^warning: the app: accepts nginx-capabilities, /));
});

test('synthesizing twice writes the same', () => {
  const { app, web, warnings } = broken();
  Lessons.of(web).accept(LESSON, 'because');
  expect(app.synthYaml()).toBe(app.synthYaml());
  expect(warnings.join()).not.toContain('unused-suppression');
});

test('fails for a lesson that does not exist, with the nearest that does', () => {
  const { web } = broken();
  expect(() => Lessons.of(web).accept('nginx-capability', 'because')).toThrow(
    'blog/web: there is no lesson "nginx-capability" to accept: write nginx-capabilities',
  );
  expect(() => Lessons.of(web).accept('whatever', 'because')).toThrow('see `hindsight lessons`');
});

test.each(['', ' \n\t'])('fails for the reason %j', (reason) => {
  expect(() => Lessons.of(broken().web).accept(LESSON, reason)).toThrow(/blog\/web: accepting nginx-capabilities needs a reason/);
});
