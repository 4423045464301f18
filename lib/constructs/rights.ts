/** Documents beside the manifests what whoever sets up the accounts has to grant. */
import type { Construct } from 'constructs';
import type { ConfigMap } from '../../imports/kubernetes';
import { defineObject } from '../kube/define';

/** @param documents by file name */
export function defineRights(scope: Construct, name: string, documents: Readonly<Record<string, string>>): void {
  defineObject<ConfigMap>(scope, 'rights', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${name}-rights` },
    data: { ...documents },
  });
}
