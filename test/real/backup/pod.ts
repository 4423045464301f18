// Runs a step of a pod as the kubelet would: its command, its environment and nothing else, its mounts as folders, a user without
// rights, SIGTERM for an eviction.
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemPath } from '../tools';

export interface PodStep {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The folder on this machine by the path in the container. */
  readonly mounts: Readonly<Record<string, string>>;
}

export interface StepResult {
  /** Null where a signal ended it. */
  readonly status: number | null;
  readonly log: string;
  /** The line that says how it ended, without its time. */
  readonly lastLine: string;
}

export interface RunningStep {
  readonly finished: Promise<StepResult>;
  readonly log: () => string;
  /** What an eviction does: to process 1 alone. */
  readonly terminate: () => void;
}

/** nobody: the rights that the pods have. */
export const podUser = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

const folders: string[] = [];

/** A new folder that the pods' user may write to. */
export function volume(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hs-'));
  folders.push(folder);
  chmodSync(folder, 0o755);
  own(folder);
  return folder;
}

/** A ConfigMap, mounted. */
export function configMapVolume(files: Readonly<Record<string, string>>): string {
  const folder = volume();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o444 });
  return folder;
}

export function own(path: string): void {
  if (podUser.uid !== undefined) chownSync(path, podUser.uid, podUser.gid);
}

const endings: (() => unknown)[] = [];

/** Also where a test fails half-way: a server that stays would keep its runner alive. */
export function whenOver(end: () => unknown): void {
  endings.push(end);
}

/** Ends the servers and removes the volumes of this file's tests. */
export function cleanUp(): void {
  for (const end of endings.splice(0)) end();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export function startStep(step: PodStep): RunningStep {
  const [program = '', ...parameters] = step.command.map((word) => onThisMachine(step, word));
  const env = Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, onThisMachine(step, value)]));
  const child = spawn(program, parameters, {
    ...podUser,
    env: { PATH: systemPath, ...env },
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const finished = new Promise<StepResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, log, lastLine: lastLine(log) }));
  });
  return { finished, log: () => log, terminate: () => child.kill('SIGTERM') };
}

export const runStep = (step: PodStep): Promise<StepResult> => startStep(step).finished;

function onThisMachine(step: PodStep, value: string): string {
  for (const [path, folder] of Object.entries(step.mounts)) {
    if (value === path || value.startsWith(`${path}/`)) return folder + value.slice(path.length);
  }
  return value;
}

function lastLine(log: string): string {
  const line = log.trimEnd().split('\n').at(-1) ?? '';
  return line.replace(/^\S+Z /, '').trimEnd();
}

/** Of every process of this machine, as anybody on it may read them. */
export function commandLines(): readonly string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((process) => {
      try {
        return [readFileSync(`/proc/${process}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    });
}

/** Every command line that was seen until the step finished. */
export async function commandLinesDuring(step: RunningStep, look: () => void = () => undefined): Promise<readonly string[]> {
  const seen = new Set<string>();
  const state = { over: false };
  void step.finished.finally(() => (state.over = true));
  while (!state.over) {
    for (const line of commandLines()) seen.add(line);
    look();
    await sleep(10);
  }
  return [...seen];
}

export const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function makeSubfolder(parent: string, name: string): string {
  const folder = join(parent, name);
  mkdirSync(folder);
  own(folder);
  return folder;
}

export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
