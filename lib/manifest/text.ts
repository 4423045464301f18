/** Bytes in, text out: encodings, and how much is too much. */
import type { Problem } from './document';

/** Larger files are not read: the API server itself takes no object above 3 MiB. */
export const LARGEST_FILE = 16 * 1024 * 1024;

const NEWLINE = 10;

/** The text of a file, or why it has none. Kubernetes' readers take UTF-8, and UTF-16 with a byte order mark. */
export function textOf(data: string | Uint8Array, file: string): string | Problem {
  if (data.length > LARGEST_FILE) return tooLarge(file, data.length);
  if (typeof data === 'string') return data;
  const [first, second] = data;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(data);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(data);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    return {
      file,
      line: lineOfFirstError(data),
      message: 'is not UTF-8 text (binary or encrypted, or saved in another encoding); not checked',
    };
  }
}

export function tooLarge(file: string, bytes: number): Problem {
  const mebibytes = (size: number): string => `${Math.round(size / 1024 / 1024)} MiB`;
  return { file, message: `is too large to check (${mebibytes(bytes)}, at most ${mebibytes(LARGEST_FILE)})` };
}

/** Bisects for the longest prefix that decodes, then counts its lines. */
function lineOfFirstError(data: Uint8Array): number {
  let good = 0;
  let bad = data.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodes(data.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  let line = 1;
  for (let index = 0; index < good; index++) if (data[index] === NEWLINE) line++;
  return line;
}

/** Whether it decodes as far as it goes: a character cut off at the end does not count against it. */
function decodes(data: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(data, { stream: true });
    return true;
  } catch {
    return false;
  }
}
