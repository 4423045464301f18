/**
 * Who mounts a claim that has room for one.
 *
 * A claim is known by its namespace and name. Where the namespace is unknown, the folder stands in for it: two folders
 * are two environments more often than one.
 */
import type { Field } from '../manifest/field';
import { selectorMatches } from './label-selector';
import type { Resource } from './resource';
import type { Resources } from './resources';
import { type SingleMode, SingleClaims, singleModeOf } from './volume-claims';
import { type Workload, workloadOf } from './workload';

export interface Holder {
  readonly workload: Workload;
  /** The `claimName`, or the template of a StatefulSet that makes the claim. */
  readonly field: Field;
  readonly volume: string;
}

export interface HeldClaim {
  readonly name: string;
  readonly mode: SingleMode;
  /** Each workload once, in the order of the manifests. */
  readonly holders: readonly Holder[];
}

/** More replicas than this do not name their claims by hand elsewhere. */
const MOST_ORDINALS = 100;

export function heldClaims(resources: Resources): readonly HeldClaim[] {
  const held = new Map<string, { name: string; mode: SingleMode; holders: Holder[] }>();
  const seen = new Set<string>();
  const add = (name: string, mode: SingleMode, holder: Holder): void => {
    const key = `${placeOf(holder.workload.resource)}\n${name}`;
    const once = `${key}\n${holder.workload.kind}/${holder.workload.name}`;
    if (seen.has(once)) return;
    seen.add(once);
    const known = held.get(key);
    if (known === undefined) held.set(key, { name, mode, holders: [holder] });
    else known.holders.push(holder);
  };
  const claims = resources.view(SingleClaims);
  const workloads = resources.all.flatMap((resource) => workloadOf(resource) ?? []).filter(({ replicas }) => replicas !== 0);
  const made = workloads.flatMap(madeClaims);
  for (const { workload, field, name, mode } of made) add(name, mode, { workload, field, volume: '' });
  const madeModes = new Map(made.map(({ workload, name, mode }) => [`${placeOf(workload.resource)}\n${name}`, mode]));
  for (const workload of workloads) {
    for (const { field, claim, mode, volume } of claims.mountedBy(workload)) add(claim.name, mode, { workload, field, volume });
    for (const volume of workload.volumes) {
      const field = volume.at('persistentVolumeClaim', 'claimName');
      // No manifest declares the claim, but a StatefulSet makes it.
      const mode = madeModes.get(`${placeOf(workload.resource)}\n${field.string ?? ''}`);
      if (mode !== undefined && field.string !== undefined)
        add(field.string, mode, { workload, field, volume: volume.at('name').string ?? '' });
    }
  }
  return [...held.values()];
}

/** The claims that a StatefulSet makes from its templates: `<template>-<set>-<ordinal>`. */
function madeClaims(workload: Workload): { workload: Workload; field: Field; name: string; mode: SingleMode }[] {
  if (workload.kind !== 'StatefulSet') return [];
  return workload.resource.at('spec', 'volumeClaimTemplates').items.flatMap((template) => {
    const mode = singleModeOf(template);
    const count = Math.min(workload.replicas ?? 1, MOST_ORDINALS);
    if (mode === undefined) return [];
    return Array.from({ length: count }, (_, ordinal) => ({
      workload,
      field: template,
      name: `${template.at('metadata', 'name').text ?? ''}-${workload.name}-${ordinal}`,
      mode,
    }));
  });
}

function placeOf({ namespace, document }: Resource): string {
  return namespace ?? `\0${document.source.split('/').slice(0, -1).join('/')}`;
}

/** Whether two workloads are kept on one node, where both may mount a ReadWriteOnce volume. */
export function shareNode(a: Workload, b: Workload): boolean {
  return follows(a, b) || follows(b, a) || (nodeOf(a) !== undefined && nodeOf(a) === nodeOf(b));
}

function follows(follower: Workload, leader: Workload): boolean {
  return follower.podSpec
    .at('affinity', 'podAffinity', 'requiredDuringSchedulingIgnoredDuringExecution')
    .items.some(
      (term) => term.at('topologyKey').string === 'kubernetes.io/hostname' && selectorMatches(term.at('labelSelector'), leader.podLabels),
    );
}

function nodeOf({ podSpec }: Workload): string | undefined {
  return podSpec.at('nodeName').string ?? podSpec.at('nodeSelector').texts['kubernetes.io/hostname'];
}
