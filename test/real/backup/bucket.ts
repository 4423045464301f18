// A bucket of a real S3 server, behind a small proxy that can do to a request whatever a network or a server does.
import { createServer, request as forwardTo } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import S3rver from 's3rver';
import { volume, whenOver } from './pod';

/** One request, as far as a fault decides by it. */
export interface S3Request {
  readonly method: string;
  /** Without the bucket and the prefix. */
  readonly file: string;
  readonly part: number | null;
  readonly query: URLSearchParams;
}

export type Fate = 'pass' | 'hang' | 'cut' | { readonly status: number; readonly body: string };

export interface Bucket {
  readonly name: string;
  readonly prefix: string;
  readonly endpoint: string;
  readonly requests: S3Request[];
  /** What happens to each request from now on. */
  fate: (request: S3Request) => Fate;
  /** Runs when the server has answered a request. */
  after: (request: S3Request) => void;
  /** The files under the prefix, sorted. */
  readonly files: () => readonly string[];
  readonly read: (file: string) => Buffer;
  readonly write: (file: string, content: Buffer) => void;
  readonly cut: (file: string, bytes: number) => void;
  readonly remove: (file: string) => void;
  /** As if it had been stored then. */
  readonly date: (file: string, when: Date) => void;
  readonly close: () => Promise<void>;
}

const OBJECT = '._S3rver_object';

export async function startBucket(prefix = 'mysql/db'): Promise<Bucket> {
  const directory = volume();
  const name = 'shop-backup';
  const store = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory, configureBuckets: [{ name, configs: [] }] });
  const { port } = await store.run();
  const folder = join(directory, name, prefix);
  const path = (file: string): string => join(folder, file + OBJECT);
  const proxy = createServer();
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const bucket: Bucket = {
    name,
    prefix,
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    requests: [],
    fate: () => 'pass',
    after: () => undefined,
    files: () => filesOf(folder),
    read: (file) => readFileSync(path(file)),
    write: (file, content) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path(file), content);
    },
    cut: (file, bytes) => truncateSync(path(file), bytes),
    remove: (file) => rmSync(path(file)),
    date: (file, when) => utimesSync(path(file), when, when),
    close: () =>
      close(proxy)
        .then(() => store.close())
        .catch(() => undefined),
  };
  whenOver(bucket.close);
  proxy.on('request', (incoming, outgoing) => serve(bucket, port, incoming, outgoing));
  return bucket;
}

function serve(bucket: Bucket, port: number, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const request = describeRequest(bucket, incoming);
  bucket.requests.push(request);
  const fate = bucket.fate(request);
  if (fate === 'hang') {
    incoming.resume();
  } else if (fate === 'cut') {
    incoming.once('data', () => incoming.destroy());
  } else if (fate === 'pass') {
    const onward = forwardTo(
      { host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        bucket.after(request);
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    // A client that is gone takes its request to the server with it, which would wait for the rest for ever.
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) onward.destroy();
    });
    incoming.pipe(onward);
  } else {
    incoming.resume();
    incoming.on('end', () => outgoing.writeHead(fate.status, { 'content-type': 'application/xml' }).end(fate.body));
  }
}

function describeRequest(bucket: Bucket, incoming: IncomingMessage): S3Request {
  const url = new URL(incoming.url ?? '/', 'http://bucket');
  const part = url.searchParams.get('partNumber');
  return {
    method: incoming.method ?? '',
    file: decodeURIComponent(url.pathname).replace(`/${bucket.name}/${bucket.prefix}/`, ''),
    part: part === null ? null : Number(part),
    query: url.searchParams,
  };
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(OBJECT))
      .map((file) => file.slice(0, -OBJECT.length))
      .sort();
  } catch {
    return [];
  }
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

export const s3Error = (status: number, code: string): Fate => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
});

/** Puts a good backup into the bucket that was stored so many hours ago. */
export function addGood(bucket: Bucket, name: string, content: Buffer, hoursAgo: number): void {
  for (const [file, bytes] of [
    [`${name}.sql.gz`, content],
    [`${name}.good.${content.length}.json`, Buffer.from('{}\n')],
  ] as const) {
    bucket.write(file, bytes);
    bucket.date(file, new Date(Date.now() - hoursAgo * 3_600_000));
  }
}
