/**
 * Where the packages say something else than the API server does, and why.
 *
 * `at` names a declaration by its file, or a field inside of one by the fields on the way (`[]` is the item of a list).
 */

const K8S = 'kubernetes-models';
const ARGO_CD = '@kubernetes-models/argo-cd/argoproj.io/v1alpha1';
const ROLLOUTS = '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1';
const CERT_MANAGER = '@kubernetes-models/cert-manager';
const CILIUM = '@kubernetes-models/cilium';
const GATEWAY_API = '@kubernetes-models/gateway-api/gateway.networking.k8s.io';
const ISTIO = '@kubernetes-models/istio';
const PROMETHEUS = '@kubernetes-models/prometheus-operator/monitoring.coreos.com';

/** Required by the declaration, but an absent value is as good to the API server as an empty one. */
export const OPTIONAL = [
  { at: `${K8S}/v1/HTTPHeader`, fields: ['value'], why: 'only the name of a header is validated' },
  { at: `${K8S}/v1/PreferredSchedulingTerm`, fields: ['preference'], why: 'an empty term matches nothing and is accepted' },
  { at: `${K8S}/v1/LimitRangeSpec`, fields: ['limits'], why: 'no limits are accepted' },
  { at: `${K8S}/v1/ISCSIVolumeSource`, fields: ['lun'], why: 'lun 0 is the zero value' },
  { at: `${K8S}/v1/ISCSIPersistentVolumeSource`, fields: ['lun'], why: 'lun 0 is the zero value' },
  { at: `${PROMETHEUS}/v1/EmbeddedPersistentVolumeClaim`, fields: ['apiVersion', 'kind'], why: 'the operator fills them in' },
  { at: `${K8S}/apps/v1/ControllerRevision`, fields: ['revision'], why: 'revision 0 is the zero value' },
];

/** Optional in the declaration, but the API server's own validation asks for it. */
export const REQUIRED = [
  { at: `${K8S}/networking.k8s.io/v1/IngressServiceBackend`, fields: ['port'], why: 'validated: a name or a number' },
];

/** Fields of other releases or channels than the package's, of which nothing is known but that they exist. */
export const NEWER = [
  { at: `${ARGO_CD}/ApplicationSource`, fields: ['tagPrefix'] },
  { at: `${ARGO_CD}/SyncSource`, fields: ['repoURL'] },
  { at: `${ARGO_CD}/AppProjectSpec`, fields: ['sourceIntegrity'] },
  { at: `${ARGO_CD}/SyncWindow`, fields: ['syncOverrun'] },
  { at: `${ARGO_CD}/SCMProviderGeneratorGitea`, fields: ['excludeArchivedRepos'] },
  { at: `${ARGO_CD}/SCMProviderGeneratorGithub`, fields: ['excludeArchivedRepos'] },
  { at: `${ARGO_CD}/SCMProviderGeneratorGitlab`, fields: ['includeArchivedRepos'] },
  { at: `${CERT_MANAGER}/cert-manager.io/v1/CertificateSpec`, fields: ['renewal'] },
  { at: `${CERT_MANAGER}/cert-manager.io/v1/VaultAuth`, fields: ['aws'] },
  { at: `${CERT_MANAGER}/cert-manager.io/v1/VenafiIssuer`, fields: ['ngts'] },
  { at: `${CERT_MANAGER}/acme.cert-manager.io/v1/ACMEChallengeSolver`, fields: ['waitInsteadOfSelfCheck'] },
  { at: `${CERT_MANAGER}/acme.cert-manager.io/v1/OrderSpec`, fields: ['replaces'] },
  { at: `${GATEWAY_API}/v1/ListenerTLSConfig`, fields: ['frontendValidation'] },
  { at: `${ISTIO}/security.istio.io/v1/AuthorizationPolicy/spec/rules/[]/from/[]/source`, fields: ['trustDomains', 'notTrustDomains'] },
  {
    at: `${ISTIO}/security.istio.io/v1beta1/AuthorizationPolicy/spec/rules/[]/from/[]/source`,
    fields: ['trustDomains', 'notTrustDomains'],
  },
  { at: `${ISTIO}/telemetry.istio.io/v1/Telemetry/spec/tracing/[]`, fields: ['disableContextPropagation'] },
  { at: `${ISTIO}/telemetry.istio.io/v1alpha1/Telemetry/spec/tracing/[]`, fields: ['disableContextPropagation'] },
  { at: `${PROMETHEUS}/v1/OTLPConfig`, fields: ['labelNamePreserveMultipleUnderscores', 'labelNameUnderscoreSanitization'] },
  { at: `${PROMETHEUS}/v1/TSDBSpec`, fields: ['chunkEncoding', 'staleSeriesCompactionThreshold'] },
  { at: `${PROMETHEUS}/v1alpha1/SlackConfig`, fields: ['updateMessage'] },
  { at: `${PROMETHEUS}/v1alpha1/SNSConfig`, fields: ['useAWSHTTPClient'] },
  { at: `${PROMETHEUS}/v1alpha1/WebhookConfig`, fields: ['payload'] },
];

/** Values of other releases or channels than the package's. */
export const NEWER_VALUES = [
  { at: `${GATEWAY_API}/v1/HTTPRouteFilter/type`, values: ['CORS', 'ExternalAuth'] },
  { at: `${CILIUM}/policy/api/Entity`, values: ['cluster-mesh'] },
  { at: `${CILIUM}/policy/api/PortProtocol/protocol`, values: ['AH', 'ESP', 'GRE', 'IPIP', 'IPV6'] },
  { at: `${CERT_MANAGER}/cert-manager.io/v1/PKCS12Profile`, values: ['Modern2026'] },
];

/** Other shapes. */
export const SHAPES = [
  {
    at: `${CILIUM}/policy/api/EgressCommonRule/toRequires`,
    shape: { list: 'any' },
    why: 'the CRD has selectors here, and newer ones refuse the field',
  },
  { at: `${CILIUM}/policy/api/EgressRule/toRequires`, shape: { list: 'any' }, why: 'as above' },
  { at: `${CILIUM}/policy/api/EgressDenyRule/toRequires`, shape: { list: 'any' }, why: 'as above' },
  { at: `${CILIUM}/policy/api/IngressCommonRule/fromRequires`, shape: { list: 'any' }, why: 'as above' },
  { at: `${CILIUM}/policy/api/IngressRule/fromRequires`, shape: { list: 'any' }, why: 'as above' },
  { at: `${CILIUM}/policy/api/IngressDenyRule/fromRequires`, shape: { list: 'any' }, why: 'as above' },
  { at: `${ROLLOUTS}/RolloutPause/duration`, shape: 'int-or-string', why: 'seconds, or text with a unit' },
];

/** Patterns that take exponentially long to refuse a value, and the same language without the ambiguity. */
export const PATTERNS = [
  { pattern: '^(\\*?\\*\\.)?([-a-zA-Z0-9_]+\\.?)+$', same: '^(\\*?\\*\\.)?[-a-zA-Z0-9_]+(\\.[-a-zA-Z0-9_]+)*\\.?$' },
  {
    pattern: '^(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})|([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$',
    same: '^[0-9]|[a-zA-Z](-?[a-zA-Z0-9])*$',
  },
  { pattern: '^([0-9]{1,4})|([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$', same: '^[0-9]|[a-zA-Z](-?[a-zA-Z0-9])*$' },
  { pattern: '^([-a-zA-Z0-9_]+[.]?)+$', same: '^[-a-zA-Z0-9_]+(\\.[-a-zA-Z0-9_]+)*\\.?$' },
  { pattern: '^([-a-zA-Z0-9_*]+[.]?)+$', same: '^[-a-zA-Z0-9_*]+(\\.[-a-zA-Z0-9_*]+)*\\.?$' },
];
