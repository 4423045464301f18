/** The hosts behind the AWS tool: an endpoint of one's own, or the regional endpoints of AWS. */
import type { Address } from './need';
import { addressesOf } from './needs-address';

/** Source: docs.aws.amazon.com, Amazon S3 endpoints, virtual hosting of buckets; AWS CLI, environment variables. */
export function storageAddresses(words: readonly string[], variables: ReadonlyMap<string, string>): Address[] {
  const endpoint = valueOf('--endpoint-url', words) ?? variables.get('AWS_ENDPOINT_URL_S3') ?? variables.get('AWS_ENDPOINT_URL');
  if (endpoint !== undefined) return addressesOf(endpoint);
  const region = valueOf('--region', words) ?? variables.get('AWS_REGION') ?? variables.get('AWS_DEFAULT_REGION');
  const service = words.find((word) => !word.startsWith('-'));
  if (region === undefined || !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) return [];
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  if (service !== 's3' && service !== 's3api')
    return service === undefined ? [] : [{ host: `${service}.${region}.${suffix}`, port: 443, scheme: 'https' }];
  const host = `s3.${region}.${suffix}`;
  return bucketsOf(words).map((bucket) => ({ host: `${bucket}.${host}`, port: 443, scheme: 'https' }));
}

/** Buckets with a dot in their name are asked for by path, which other hosts serve: they are left out. */
function bucketsOf(words: readonly string[]): string[] {
  const named = [...words.flatMap((word) => /^s3:\/\/([^/]+)/.exec(word)?.[1] ?? []), valueOf('--bucket', words) ?? ''];
  return [...new Set(named.filter((bucket) => /^[a-z0-9][-a-z0-9]{1,61}[a-z0-9]$/.test(bucket)))];
}

function valueOf(option: string, words: readonly string[]): string | undefined {
  const index = words.findIndex((word) => word === option || word.startsWith(`${option}=`));
  const word = words[index];
  return word === option ? words[index + 1] : word?.slice(option.length + 1);
}
