/** A key of a Secret that exists outside of these manifests: the only way to give a construct a secret. */
export class SecretRef {
  /** Keeps strings and look-alikes from compiling where a SecretRef is wanted. */
  private readonly reference = true;

  private constructor(
    /** The Secret's name, in the namespace of whoever reads it. */
    readonly secret: string,
    readonly key: string,
  ) {}

  /** The value under `key` of the Secret `secret`. */
  static of(secret: string, key: string): SecretRef {
    return new SecretRef(secret, key);
  }

  /** Whether a value is a SecretRef, also one of another copy of this package. */
  static isSecretRef(value: unknown): value is SecretRef {
    return value instanceof SecretRef || (typeof value === 'object' && value !== null && Reflect.get(value, 'reference') === true);
  }

  /** An environment variable that takes its value from here. */
  toEnv(name: string): SecretEnv {
    return { name, valueFrom: { secretKeyRef: { name: this.secret, key: this.key } } };
  }
}

export interface SecretEnv {
  readonly name: string;
  readonly valueFrom: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
}
