/** A document that was built and not written. */
import type { Document } from '../../lib/manifest/document';
import { readYaml } from '../../lib/manifest/yaml';

export function constructDocument(construct: string, yaml: string): Document {
  return { content: readYaml(yaml, 'x.yaml').documents[0]?.content, source: construct, locate: () => ({ construct }) };
}
