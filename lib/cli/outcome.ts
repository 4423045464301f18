/** What a command says, and how it ends. */
export interface Outcome {
  /** For standard output. */
  readonly text?: string;
  /** For standard error. */
  readonly error?: string;
  /** 0 clean, 1 findings, 2 wrong usage. */
  readonly exitCode: 0 | 1 | 2;
}
