/** A Kubernetes object as somebody declared it. */
import type { Document, Location } from '../manifest/document';
import { Field } from '../manifest/field';
import type { JsonPointer } from '../manifest/json-pointer';
import { templateStepsOf } from './pod-template-place';

/** The kinds that live outside namespaces, of the groups that this project knows. */
const CLUSTER_SCOPED = new Set([
  'Namespace', 'Node', 'PersistentVolume', 'ClusterRole', 'ClusterRoleBinding', 'StorageClass', 'CSIDriver', 'CSINode', 'VolumeAttachment', 'PriorityClass',
  'RuntimeClass', 'IngressClass', 'CustomResourceDefinition', 'APIService', 'MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration',
  'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'CertificateSigningRequest', 'CiliumClusterwideNetworkPolicy', 'CiliumNode', 'CiliumCIDRGroup',
  'CiliumClusterwideEnvoyConfig', 'CiliumLoadBalancerIPPool', 'CiliumL2AnnouncementPolicy', 'CiliumBGPClusterConfig', 'CiliumBGPPeerConfig', 'CiliumBGPAdvertisement',
  'CiliumEgressGatewayPolicy', 'CiliumIdentity', 'ClusterIssuer', 'ClusterAnalysisTemplate', 'GatewayClass', 'ClusterSecretStore', 'ClusterExternalSecret',
  'VolumeSnapshotClass', 'VolumeSnapshotContent', 'VolumeAttributesClass', 'IPAddressPool', 'FlowSchema', 'PriorityLevelConfiguration', 'AdminNetworkPolicy', 'BaselineAdminNetworkPolicy',
]); // prettier-ignore

/** `apiVersion` without its version: `apps`, and `''` for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.lastIndexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

export class Resource {
  readonly apiVersion: string;
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  /** The namespace it lands in: its own, else the one that its surroundings tell; null for cluster-scoped kinds and where nothing tells. */
  readonly namespace: string | null;
  readonly root: Field;
  /** The way to its pod template. @default - it runs no pods */
  readonly templateSteps?: readonly string[];
  private labelTexts: Readonly<Record<string, string>> | undefined;
  private annotationTexts: Readonly<Record<string, string>> | undefined;

  constructor(readonly document: Document) {
    this.root = new Field(document.content);
    this.apiVersion = this.at('apiVersion').string ?? '';
    this.group = groupOf(this.apiVersion);
    this.kind = this.at('kind').string ?? '';
    this.name = this.at('metadata', 'name').text ?? '';
    this.templateSteps = templateStepsOf(this.group, this.kind);
    this.namespace = this.isClusterScoped ? null : (this.at('metadata', 'namespace').text ?? document.applied?.namespace ?? null);
  }

  get isClusterScoped(): boolean {
    return CLUSTER_SCOPED.has(this.kind);
  }

  /** Whether it is a Kubernetes object. Kustomizations, chart values, workflows and the like are read as documents too. */
  get isObject(): boolean {
    return this.apiVersion !== '' && this.kind !== '' && this.name !== '' && this.group !== 'kustomize.config.k8s.io';
  }

  at(...steps: readonly (string | number)[]): Field {
    return this.root.at(...steps);
  }

  get labels(): Readonly<Record<string, string>> {
    this.labelTexts ??= this.at('metadata', 'labels').texts;
    return this.labelTexts;
  }

  get annotations(): Readonly<Record<string, string>> {
    this.annotationTexts ??= this.at('metadata', 'annotations').texts;
    return this.annotationTexts;
  }

  locate(pointer: JsonPointer): Location {
    return this.document.locate(pointer);
  }

  /** `Kind namespace/name`, the way findings and people call it; the file of what is no object. */
  toString(): string {
    if (!this.isObject) return this.document.source;
    return `${this.kind} ${this.namespace === null ? '' : `${this.namespace}/`}${this.name}`;
  }
}
