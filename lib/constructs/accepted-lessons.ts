/** Accepts findings in code, with a reason that ends up in the manifest. */
import type { IConstruct } from 'constructs';
import { ACCEPTED_METADATA } from '../check/accepted-metadata';
import type { Finding } from '../check/finding';
import { IGNORE_ANNOTATION } from '../check/judge';
import { lessons } from '../lessons';
import { Field } from '../manifest/field';
import { nearestName } from '../manifest/nearest-name';
import type { Built } from './guard';

export interface AcceptedLesson {
  readonly lesson: string;
  readonly reason: string;
}

export class Lessons {
  private constructor(private readonly construct: IConstruct) {}

  /** The lessons as they bear on a construct and everything below it. */
  static of(construct: IConstruct): Lessons {
    return new Lessons(construct);
  }

  /**
   * Accepts every finding of a lesson below this construct.
   * @param reason why it does not apply here; it becomes an annotation of the objects that the lesson finds
   * @throws Error when the lesson does not exist or the reason is empty
   */
  accept(lesson: string, reason: string): this {
    const known = lessons.map(({ id }) => id);
    if (!known.includes(lesson)) {
      const meant = nearestName(lesson, known);
      const mend = meant === undefined ? 'see `hindsight lessons`' : `write ${meant}`;
      throw new Error(`${this.construct.node.path}: there is no lesson ${JSON.stringify(lesson)} to accept: ${mend}`);
    }
    if (typeof reason !== 'string' || reason.trim() === '')
      throw new Error(`${this.construct.node.path}: accepting ${lesson} needs a reason: say why it does not apply here`);
    this.construct.node.addMetadata(ACCEPTED_METADATA, { lesson, reason } satisfies AcceptedLesson);
    return this;
  }
}

/** What was accepted in code, and which of it was needed. */
export class Acceptances {
  private readonly byPath = new Map<string, readonly AcceptedLesson[]>();
  private readonly used = new Set<AcceptedLesson>();
  private readonly annotations = new Map<string, Map<string, string>>();

  constructor(constructs: readonly IConstruct[]) {
    for (const construct of constructs) {
      const accepted = acceptedAt(construct);
      if (accepted.length > 0) this.byPath.set(construct.node.path, accepted);
    }
  }

  /** Whether a finding was accepted at its object or at what holds it, the nearest first. */
  cover({ lesson, resource }: Finding): boolean {
    if (this.byPath.size === 0) return false;
    const path = resource.document.source;
    const steps = path.split('/');
    const scopes = [...steps.map((_, index) => steps.slice(0, steps.length - index).join('/')), ''];
    const accepted = scopes.flatMap((scope) => this.byPath.get(scope) ?? []).filter((each) => each.lesson === lesson);
    const [nearest] = accepted;
    if (nearest === undefined) return false;
    this.used.add(nearest);
    const annotations = this.annotations.get(path) ?? new Map<string, string>();
    this.annotations.set(path, annotations.set(IGNORE_ANNOTATION + lesson, nearest.reason));
    return true;
  }

  /** @param blind lessons that lacked facts, and might find something with them */
  unused(blind: ReadonlySet<string>): string[] {
    return [...this.byPath].flatMap(([path, accepted]) =>
      accepted
        .filter((each) => !this.used.has(each) && !blind.has(each.lesson))
        .map(
          ({ lesson }) =>
            `warning: ${path}: accepts ${lesson}, which finds nothing there; mend: remove the acceptance [unused-suppression]`,
        ),
    );
  }

  written(built: readonly Built[]): readonly Built[] {
    if (this.annotations.size === 0) return built;
    return built.map((each) => {
      const annotations = this.annotations.get(each.object.node.path);
      if (annotations === undefined) return each;
      return { ...each, content: annotated(new Field(each.content), annotations) };
    });
  }
}

function annotated(content: Field, annotations: ReadonlyMap<string, string>): unknown {
  const metadata = content.at('metadata');
  const all = { ...mapOf(metadata.at('annotations')), ...Object.fromEntries(annotations) };
  return { ...mapOf(content), metadata: { ...mapOf(metadata), annotations: all } };
}

function mapOf(field: Field): Record<string, unknown> {
  return Object.fromEntries(field.entries.map(([key, { value }]) => [key, value]));
}

/** What was accepted at a construct itself. */
function acceptedAt(construct: IConstruct): AcceptedLesson[] {
  return construct.node.metadata
    .filter(({ type }) => type === ACCEPTED_METADATA)
    .map(({ data }) => new Field(data))
    .map((data) => ({ lesson: data.at('lesson').string ?? '', reason: data.at('reason').string ?? '' }));
}
