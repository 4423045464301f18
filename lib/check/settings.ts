/** What somebody wants to hear of which lesson, and where. */
import type { Lesson, Severity } from '../lessons/lesson';

export type Setting = Severity | 'off';

export interface Settings {
  readonly lessons: Readonly<Record<string, Setting>>;
  /** The last one that speaks of a lesson and a file decides. */
  readonly overrides: readonly Override[];
}

export interface Override {
  /** Whether it is about a file, by the name that findings have. */
  matches(file: string): boolean;
  readonly lessons: Readonly<Record<string, Setting>>;
}

export const NO_SETTINGS: Settings = { lessons: {}, overrides: [] };

/** @returns undefined where the lesson's own severity holds */
export function settingOf({ lessons, overrides }: Settings, lesson: string, file: string): Setting | undefined {
  const override = overrides.findLast((one) => Object.hasOwn(one.lessons, lesson) && one.matches(file));
  return override === undefined ? ownOf(lessons, lesson) : override.lessons[lesson];
}

/** Whether the lesson may be heard of anywhere. */
export function isWanted({ lessons, overrides }: Settings, { id }: Lesson): boolean {
  if (ownOf(lessons, id) !== 'off') return true;
  return overrides.some((override) => Object.hasOwn(override.lessons, id) && override.lessons[id] !== 'off');
}

function ownOf(lessons: Settings['lessons'], id: string): Setting | undefined {
  return Object.hasOwn(lessons, id) ? lessons[id] : undefined;
}
