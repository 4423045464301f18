/** What the API server asks of whole objects of some kinds: that the kind exists, what it is called, what its pods need. */
import { pointerTo } from './json-pointer';
import { Field } from './field';
import { nearestName } from './nearest-name';
import type { SchemaProblem } from './schema-problem';
import { dataKey, dnsLabel, dnsSubdomain, type Grammar, pathSegment, serviceName } from './schema-names';
import { judgeText } from './schema-rules';
import { knownKinds, schemaOfKind } from './schema-types';
import { isPlaceholder } from './schema-value';

/**
 * Versions that newer releases no longer serve, and since when.
 *
 * Source: kubernetes.io, Deprecated API Migration Guide.
 */
const REMOVED: ReadonlyMap<string, string> = new Map(Object.entries({
  'extensions/v1beta1/DaemonSet': '1.16', 'extensions/v1beta1/Deployment': '1.16', 'extensions/v1beta1/NetworkPolicy': '1.16',
  'extensions/v1beta1/ReplicaSet': '1.16', 'extensions/v1beta1/PodSecurityPolicy': '1.16', 'extensions/v1beta1/Ingress': '1.22',
  'apps/v1beta1': '1.16', 'apps/v1beta2': '1.16',
  'admissionregistration.k8s.io/v1beta1/MutatingWebhookConfiguration': '1.22', 'admissionregistration.k8s.io/v1beta1/ValidatingWebhookConfiguration': '1.22',
  'apiextensions.k8s.io/v1beta1': '1.22', 'apiregistration.k8s.io/v1beta1': '1.22', 'certificates.k8s.io/v1beta1/CertificateSigningRequest': '1.22',
  'coordination.k8s.io/v1beta1/Lease': '1.22', 'networking.k8s.io/v1beta1/Ingress': '1.22', 'networking.k8s.io/v1beta1/IngressClass': '1.22',
  'rbac.authorization.k8s.io/v1beta1': '1.22', 'scheduling.k8s.io/v1beta1': '1.22',
  'storage.k8s.io/v1beta1/CSIDriver': '1.22', 'storage.k8s.io/v1beta1/CSINode': '1.22', 'storage.k8s.io/v1beta1/StorageClass': '1.22',
  'storage.k8s.io/v1beta1/VolumeAttachment': '1.22', 'storage.k8s.io/v1beta1/CSIStorageCapacity': '1.27',
  'batch/v1beta1': '1.25', 'discovery.k8s.io/v1beta1': '1.25', 'autoscaling/v2beta1': '1.25', 'policy/v1beta1': '1.25', 'node.k8s.io/v1beta1': '1.25',
  'autoscaling/v2beta2': '1.26', 'flowcontrol.apiserver.k8s.io/v1beta1': '1.26', 'flowcontrol.apiserver.k8s.io/v1beta2': '1.29', 'flowcontrol.apiserver.k8s.io/v1beta3': '1.32',
})); // prettier-ignore

/** The groups of Kubernetes itself: of these every served version is known. */
const BUILT_IN =
  /^(v1|(apps|batch|autoscaling|policy|extensions|(networking|rbac\.authorization|storage|scheduling|node|discovery|coordination)\.k8s\.io)\/v\w+)$/;

const STABLE = /(^|\/)v\d+$/;

/** Whether this kind is not, or no longer, served in this version. Silent on groups that are not Kubernetes' own. */
export function kindProblem(apiVersion: string, kind: string): SchemaProblem | undefined {
  const since = REMOVED.get(apiVersion) ?? REMOVED.get(`${apiVersion}/${kind}`);
  const isKnown = schemaOfKind(apiVersion, kind) !== undefined;
  if (since === undefined && (isKnown || kind.endsWith('List') || !STABLE.test(apiVersion) || !BUILT_IN.test(apiVersion))) return undefined;
  const served = servedVersion(kind);
  if (since !== undefined) {
    const instead = served === undefined ? 'it has no successor' : `${served} is`;
    const message = `apiVersion ${apiVersion} of ${kind} is not served since Kubernetes ${since}; ${instead}`;
    return {
      kind: 'unknown-kind',
      path: '/apiVersion',
      message,
      since,
      mend: served === undefined ? undefined : { description: `move to ${served}, whose fields differ in places` },
    };
  }
  if (served !== undefined && served !== apiVersion) {
    const mend = { description: `write ${served}`, edits: [{ path: '/apiVersion', value: served }] };
    return { kind: 'unknown-kind', path: '/apiVersion', message: `apiVersion ${apiVersion} has no kind ${kind}; ${served} has`, mend };
  }
  const prefix = `${apiVersion}/`;
  const meant = nearestName(
    kind,
    knownKinds()
      .filter((known) => known.startsWith(prefix))
      .map((known) => known.slice(prefix.length)),
  );
  if (meant === undefined) return undefined;
  return {
    kind: 'unknown-kind',
    path: '/kind',
    message: `kind ${kind} does not exist in ${apiVersion}; ${meant} was probably meant`,
    mend: { description: `write ${meant}`, edits: [{ path: '/kind', value: meant }] },
  };
}

/** The newest stable version of a kind of Kubernetes itself. */
function servedVersion(kind: string): string | undefined {
  const versions = knownKinds().flatMap((known) => {
    const slash = known.lastIndexOf('/');
    const apiVersion = known.slice(0, slash);
    return known.slice(slash + 1) === kind && BUILT_IN.test(apiVersion) && STABLE.test(apiVersion) ? [apiVersion] : [];
  });
  return versions.sort().at(-1);
}

/** What objects of a kind are called, where it is not a DNS subdomain. */
const NAMES: Readonly<Record<string, Grammar>> = {
  Namespace: dnsLabel, Service: serviceName, StatefulSet: dnsLabel, Role: pathSegment, ClusterRole: pathSegment, RoleBinding: pathSegment, ClusterRoleBinding: pathSegment,
  // The controller appends eleven characters to make the names of Jobs.
  CronJob: (text) => dnsSubdomain(text) ?? (text.length > 52 ? `has ${text.length} characters, and 52 are allowed for a CronJob` : undefined),
  // The name becomes the value of a label of its pods.
  Job: (text) => dnsSubdomain(text) ?? (text.length > 63 ? `has ${text.length} characters, and 63 are allowed for a Job` : undefined),
}; // prettier-ignore

const POD_TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  'apps/v1/Deployment': ['spec', 'template'],
  'apps/v1/StatefulSet': ['spec', 'template'],
  'apps/v1/DaemonSet': ['spec', 'template'],
  'apps/v1/ReplicaSet': ['spec', 'template'],
  'argoproj.io/v1alpha1/Rollout': ['spec', 'template'],
  'batch/v1/Job': ['spec', 'template'],
  'batch/v1/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
  'v1/Pod': [],
};

/** What is wrong with an object of a known kind beyond the shape of its fields. */
export function objectProblems(apiVersion: string, kind: string, content: Readonly<Record<string, unknown>>): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const object = new Field(content);
  const metadata = object.at('metadata');
  judgeText({ value: { name: metadata.at('name').value }, path: '/metadata', problems }, 'name', NAMES[kind] ?? dnsSubdomain);
  const template = POD_TEMPLATES[`${apiVersion}/${kind}`];
  if (template !== undefined) judgePod(apiVersion, kind, object.at(...template, 'spec'), problems);
  if (apiVersion === 'v1' && (kind === 'ConfigMap' || kind === 'Secret')) judgeKeys(object, problems);
  if (apiVersion === 'v1' && kind === 'PersistentVolumeClaim') judgeClaim(object.at('spec'), problems);
  if (apiVersion === 'apps/v1' && kind === 'StatefulSet')
    for (const claim of object.at('spec', 'volumeClaimTemplates').items) judgeClaim(claim.at('spec'), problems);
  return problems;
}

function judgePod(apiVersion: string, kind: string, spec: Field, problems: SchemaProblem[]): void {
  if (!spec.isMap) return;
  for (const container of [...spec.at('initContainers').items, ...spec.at('containers').items]) {
    const image = container.at('image');
    if (!container.isMap || (image.value !== undefined && image.value !== '')) continue;
    const message = `container ${container.at('name').text ?? ''} has no image, which is required`;
    problems.push({ kind: 'required', path: image.path, message });
  }
  const policy = spec.at('restartPolicy');
  const allowed = allowedRestartPolicies(apiVersion, kind);
  const value = policy.value ?? 'Always';
  if (
    typeof value !== 'string' ||
    value === '' ||
    allowed.includes(value) ||
    isPlaceholder(value) ||
    !['Always', 'OnFailure', 'Never'].includes(value)
  )
    return;
  const found = policy.isSet ? `restartPolicy is ${value}` : 'restartPolicy is absent, which means Always';
  const message = `${found}, and the pods of a ${kind} take only ${allowed.join(' or ')}`;
  problems.push({ kind: policy.isSet ? 'value' : 'required', path: policy.path, message });
}

function allowedRestartPolicies(apiVersion: string, kind: string): readonly string[] {
  if (kind === 'Pod') return ['Always', 'OnFailure', 'Never'];
  return apiVersion.startsWith('batch/') ? ['OnFailure', 'Never'] : ['Always'];
}

function judgeKeys(object: Field, problems: SchemaProblem[]): void {
  for (const field of ['data', 'stringData', 'binaryData'])
    for (const key of object.at(field).keys) {
      const wrong = dataKey(key);
      if (wrong === undefined || isPlaceholder(key)) continue;
      problems.push({ kind: 'name', path: pointerTo('', field, key), message: `${field}: the key ${JSON.stringify(key)} ${wrong}` });
    }
}

function judgeClaim(spec: Field, problems: SchemaProblem[]): void {
  if (!spec.isMap) return;
  if (!spec.at('accessModes').isPresent) {
    const message = 'the claim has no accessModes, of which at least one is required';
    problems.push({ kind: 'required', path: spec.at('accessModes').path, message });
  }
  const computed = [['resources'], ['resources', 'requests']].some((steps) => isPlaceholder(spec.at(...steps).value));
  if (computed || spec.at('resources', 'requests', 'storage').isPresent) return;
  const path = pointerTo(spec.path, 'resources', 'requests', 'storage');
  problems.push({ kind: 'required', path, message: 'the claim requests no storage, which is required' });
}
