/** Accepts findings in code, with a reason that ends up in the manifest. */
import type { IConstruct } from 'constructs';
import { ACCEPTED_METADATA, type AcceptedFinding, type AcceptedLesson } from '../check/accepted-in-code';
import { IGNORE_ANNOTATION } from '../check/judge';
import { lessons } from '../lessons';
import { Field } from '../manifest/field';
import { nearestName } from '../manifest/nearest-name';
import type { Built } from './guard';

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

/** The objects as they are to be written: those that needed an acceptance carry its reason. */
export function withReasons(built: readonly Built[], accepted: readonly AcceptedFinding[]): readonly Built[] {
  if (accepted.length === 0) return built;
  const reasons = new Map<string, Record<string, string>>();
  for (const { resource, lesson, reason } of accepted) {
    const path = resource.document.source;
    reasons.set(path, { ...reasons.get(path), [IGNORE_ANNOTATION + lesson]: reason });
  }
  return built.map((each) => {
    const annotations = reasons.get(each.object.node.path);
    return annotations === undefined ? each : { ...each, content: annotated(new Field(each.content), annotations) };
  });
}

function annotated(content: Field, annotations: Readonly<Record<string, string>>): unknown {
  const metadata = content.at('metadata');
  const all = { ...mapOf(metadata.at('annotations')), ...annotations };
  return { ...mapOf(content), metadata: { ...mapOf(metadata), annotations: all } };
}

function mapOf(field: Field): Record<string, unknown> {
  return Object.fromEntries(field.entries.map(([key, { value }]) => [key, value]));
}
