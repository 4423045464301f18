/** `hindsight init`: the two files that a check gains most by, as far as they can be written without knowing the cluster. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Io } from './io';
import type { Outcome } from './outcome';
import { CONFIG_FILE, nameOf, reasonOf } from './setup';

const CLUSTER = `# What is known of the cluster beyond the manifests. Every key is optional: a lesson that needs a missing one is skipped, and says so.
# kubernetesVersion: "1.31"
# nodes:
#   - {name: control-plane-1, roles: [control-plane]}
#   - {name: worker-1, allocatable: {cpu: "4", memory: 8Gi, pods: 110}}
#   - {name: worker-2, allocatable: {cpu: "4", memory: 8Gi, pods: 110}}
# network: {engine: cilium, version: "1.18"}
# ingressControllers: [{class: nginx}]
# mesh: {kind: istio, injectedNamespaces: [shop]}
# storageClasses: [{name: longhorn, provisioner: driver.longhorn.io, default: true, parameters: {numberOfReplicas: "2"}}]
# longhorn: {defaultReplicaCount: 2}
# prometheus: {ruleSelector: {release: kube-prometheus-stack}, serviceMonitorSelector: {release: kube-prometheus-stack}}
# existing: # what other hands provide; values of Secrets are never needed
#   - {apiVersion: v1, kind: Secret, metadata: {name: database, namespace: shop}, data: {password: ""}}
`;

const CONFIG = `cluster: cluster.yaml
# lessons: # off, info, warning or error
#   mutable-image-tag: warning
# overrides:
#   - files: [sandbox/]
#     lessons: {cronjob-hygiene: off}
`;

export function init(folder: string, { cwd }: Io): Outcome {
  const target = resolve(cwd, folder);
  const files = [
    ['cluster.yaml', CLUSTER],
    [CONFIG_FILE, CONFIG],
  ] as const;
  const lines: string[] = [];
  try {
    mkdirSync(target, { recursive: true });
    for (const [name, text] of files) {
      const path = join(target, name);
      const exists = existsSync(path);
      if (!exists) writeFileSync(path, text, { flag: 'wx' });
      lines.push(`${nameOf(path, cwd)}: ${exists ? 'exists, and stays as it is' : 'written'}\n`);
    }
  } catch (error) {
    return { text: lines.join(''), error: `${folder}: cannot be written (${reasonOf(error)})`, exitCode: 2 };
  }
  return { text: lines.join(''), exitCode: 0 };
}
