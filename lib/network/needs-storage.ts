/**
 * The hosts behind the AWS tool and other S3 clients: an endpoint of one's own, or the regional endpoints of AWS.
 *
 * Clients put the bucket into the host, except where the path is asked for or the bucket's name has a dot. Source: docs.aws.amazon.com,
 * Amazon S3 endpoints, virtual hosting of buckets; AWS CLI, environment variables.
 */
import type { Container } from '../resources/container';
import type { Resources } from '../resources/resources';
import type { Script } from '../resources/scripts';
import type { Workload } from '../resources/workload';
import type { Address, FoundAddress } from './need';
import { addressesOf } from './needs-address';
import { type EnvironmentValue, environmentValues } from './needs-environment';

/** Where one command of the AWS tool goes. */
export function storageAddresses(words: readonly string[], variables: ReadonlyMap<string, string>): Address[] {
  const endpoint = endpointIn(words) ?? variables.get('AWS_ENDPOINT_URL_S3') ?? variables.get('AWS_ENDPOINT_URL');
  if (endpoint !== undefined) return addressesOf(endpoint);
  if (words.some(mayNameEndpoint)) return [];
  const region = valueOf('--region', words) ?? variables.get('AWS_REGION') ?? variables.get('AWS_DEFAULT_REGION');
  const service = words.find((word) => !word.startsWith('-'));
  if (region === undefined || !isRegion(region) || service === undefined) return [];
  if (service !== 's3' && service !== 's3api') return [https(`${service}.${region}.${awsDomain(region)}`)];
  return bucketsOf(words).map((bucket) => https(bucketHost(bucket, region)));
}

const BUCKET = /(^|_)BUCKET(_NAME)?$/;
const REGION = /^(AWS|S3)(_DEFAULT)?_REGION$/;
const PATH_STYLE = /(^|_)PATH_STYLE(_ACCESS)?$/;

/**
 * The bucket that the variables of a container name, where the container runs the AWS tool and nothing says that it talks to another server
 * than AWS: the commands themselves are most often wrapped in functions.
 */
export function bucketAddresses(
  workload: Workload,
  container: Container,
  scripts: readonly Script[],
  resources: Resources,
): FoundAddress[] {
  const variables = [...environmentValues(workload, container, resources).values()];
  const region = variables.find(({ name, value }) => REGION.test(name) && isRegion(value))?.value;
  if (region === undefined || !runsAws(container, scripts) || mayHaveEndpoint(workload, container, variables, resources)) return [];
  const isPathStyle = variables.some(({ name, value }) => PATH_STYLE.test(name) && /^(true|1|yes)$/i.test(value));
  const buckets = variables.filter(({ name, value }) => BUCKET.test(name) && isBucket(value));
  const found = buckets.map((variable) => found443(bucketHost(variable.value, region, isPathStyle), variable, container));
  const role = variables.find(({ name }) => name === 'AWS_ROLE_ARN');
  const hasToken = variables.some(({ name }) => name === 'AWS_WEB_IDENTITY_TOKEN_FILE');
  return role === undefined || !hasToken ? found : [...found, found443(`sts.${region}.${awsDomain(region)}`, role, container)];
}

function runsAws(container: Container, scripts: readonly Script[]): boolean {
  return (
    container.imageName === 'aws-cli' ||
    scripts.some((script) => script.container.field === container.field && script.commands.some(({ pipeline }) => pipeline.includes('aws')))
  );
}

const ENDPOINT = /(^|_)ENDPOINT(_URL)?(_S3|_STS)?$/i;

/** Whether an endpoint is given, or may be given by what is not read here. */
function mayHaveEndpoint(workload: Workload, container: Container, variables: readonly EnvironmentValue[], resources: Resources): boolean {
  const isGiven = variables.some(({ name, value }) => ENDPOINT.test(name) && value.trim() !== '');
  const isReferenced = container.env.some(({ name, valueFrom }) => ENDPOINT.test(name) && valueFrom.isSet);
  const isHidden = container.at('envFrom').items.some((from) => {
    const name = from.at('configMapRef', 'name').string;
    return name === undefined || resources.find('', 'ConfigMap', workload.namespace, name) === undefined;
  });
  return isGiven || isReferenced || isHidden;
}

function bucketHost(bucket: string, region: string, isPathStyle = false): string {
  const host = `s3.${region}.${awsDomain(region)}`;
  return isPathStyle || bucket.includes('.') ? host : `${bucket}.${host}`;
}

function found443(host: string, { name, resource, path }: EnvironmentValue, container: Container): FoundAddress {
  return {
    ...https(host),
    source: { resource, path, words: `${name} of container ${container.name}, which runs the AWS client, means ${host}` },
  };
}

function https(host: string): Address {
  return { host, port: 443, scheme: 'https' };
}

/** Where a region's services are. Source: docs.aws.amazon.com, Endpoints and ARNs for Amazon Web Services in China. */
export function awsDomain(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

function isBucket(text: string): boolean {
  return /^[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]$/.test(text);
}

function isRegion(text: string): boolean {
  return /^[a-z]{2}(-[a-z]+)+-\d$/.test(text);
}

function endpointIn(words: readonly string[]): string | undefined {
  const joined = words.find((word) => word.includes('--endpoint-url') && /\s/.test(word));
  const stated = valueOf('--endpoint-url', words) ?? /--endpoint-url[=\s]+(\S+)/.exec(joined ?? '')?.[1];
  return stated?.includes('$') === true ? undefined : stated;
}

/** An endpoint that is computed, or options that are. */
function mayNameEndpoint(word: string): boolean {
  return word.includes('--endpoint-url') || /^\$(@|\*|\{?\w*(OPT|ARG|ENDPOINT|FLAG|EXTRA)|\{\w+\[[@*]\])/i.test(word);
}

function bucketsOf(words: readonly string[]): string[] {
  const named = [...words.flatMap((word) => /^s3:\/\/([^/]+)/.exec(word)?.[1] ?? []), valueOf('--bucket', words) ?? ''];
  return [...new Set(named.filter(isBucket))];
}

function valueOf(option: string, words: readonly string[]): string | undefined {
  const index = words.findIndex((word) => word === option || word.startsWith(`${option}=`));
  const word = words[index];
  return word === option ? words[index + 1] : word?.slice(option.length + 1);
}
