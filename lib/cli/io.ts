/** The machine, as far as a command may use it beside the disk: so that a test can be one too. */
export interface Io {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the streams are terminals. */
  readonly isTerminal: { readonly stdout: boolean; readonly stderr: boolean };
  readonly readStandardInput: () => Uint8Array;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
}
