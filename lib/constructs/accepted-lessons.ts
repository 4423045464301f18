/** Accepts findings in code, with a reason that ends up in the manifest. */
import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { ACCEPTED_METADATA } from '../check/accepted-metadata';
import { IGNORE_ANNOTATION } from '../check/judge';
import { lessons } from '../lessons';
import { Field } from '../manifest/field';

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
   * @param reason why it does not apply here; it becomes an annotation of the objects
   * @throws Error when the lesson does not exist or the reason is empty
   */
  accept(lesson: string, reason: string): this {
    if (!lessons.some(({ id }) => id === lesson))
      throw new Error(`${this.construct.node.path}: there is no lesson "${lesson}" to accept: see \`hindsight lessons\``);
    if (reason.trim() === '') throw new Error(`${this.construct.node.path}: accepting ${lesson} needs a reason`);
    this.construct.node.addMetadata(ACCEPTED_METADATA, { lesson, reason } satisfies AcceptedLesson);
    return this;
  }

  /** Writes what was accepted at any of the constructs into the annotations of the objects below it. */
  static annotate(constructs: readonly IConstruct[]): void {
    for (const construct of constructs) {
      for (const { lesson, reason } of acceptedAt(construct)) {
        for (const object of construct.node.findAll()) {
          if (ApiObject.isApiObject(object)) object.metadata.addAnnotation(IGNORE_ANNOTATION + lesson, reason);
        }
      }
    }
  }
}

function acceptedAt(construct: IConstruct): AcceptedLesson[] {
  return construct.node.metadata
    .filter(({ type }) => type === ACCEPTED_METADATA)
    .map(({ data }) => new Field(data))
    .map((data) => ({ lesson: data.at('lesson').string ?? '', reason: data.at('reason').string ?? '' }));
}
