/** A container of a pod template. */
import type { Field } from '../manifest/field';

export interface EnvVariable {
  readonly name: string;
  /** The literal value. @default - none: it comes from a reference, or is empty */
  readonly value?: string;
  /** The reference it comes from. */
  readonly valueFrom: Field;
  readonly field: Field;
}

export interface ContainerPort {
  readonly name?: string;
  readonly number: number;
  readonly protocol: string;
  readonly field: Field;
}

/** What every lesson asks for again is read once. */
export class Container {
  readonly name: string;
  private shortName: string | undefined;
  private words: readonly string[] | undefined;
  private variables: readonly EnvVariable[] | undefined;
  private numbered: readonly ContainerPort[] | undefined;

  constructor(
    readonly field: Field,
    /** An init container; one that is restarted always is a sidecar. */
    readonly isInit: boolean,
  ) {
    this.name = field.at('name').text ?? '';
  }

  get isSidecar(): boolean {
    return this.isInit && this.field.at('restartPolicy').string === 'Always';
  }

  at(...steps: readonly (string | number)[]): Field {
    return this.field.at(...steps);
  }

  get image(): string {
    return this.at('image').string ?? '';
  }

  /** The repository's last part without registry, tag and digest: `nginx` of `docker.io/library/nginx:1.27`. */
  get imageName(): string {
    this.shortName ??= (this.image.split('@')[0] ?? '').split('/').at(-1)?.split(':')[0] ?? '';
    return this.shortName;
  }

  /** Command and arguments as one list. */
  get commandLine(): readonly string[] {
    this.words ??= [...this.at('command').strings, ...this.at('args').strings];
    return this.words;
  }

  get env(): readonly EnvVariable[] {
    this.variables ??= this.at('env').items.map((field) => ({
      name: field.at('name').text ?? '',
      value: field.at('value').text,
      valueFrom: field.at('valueFrom'),
      field,
    }));
    return this.variables;
  }

  get ports(): readonly ContainerPort[] {
    this.numbered ??= this.at('ports').items.flatMap((field) => {
      const number = field.at('containerPort').number;
      return number === undefined ? [] : [{ name: field.at('name').string, number, protocol: field.at('protocol').string ?? 'TCP', field }];
    });
    return this.numbered;
  }
}
