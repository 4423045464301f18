/**
 * Asks a package's own validators what its declarations do not say: integer or any number, limits, patterns, formats.
 *
 * A declaration's validator reports every error of the value it is given, with a pointer. So a value that holds nothing but
 * the way to one field, and at its end something hardly anybody accepts, is answered with the rules of that field.
 */

const UNLIKELY_STRINGS = ['\u0001', '', 'x'.repeat(70_000)];
const UNLIKELY_NUMBERS = [1.5, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];

export class Probe {
  /** @param validate a generated validator; undefined when the declaration has none, and then nothing is known */
  constructor(validate) {
    this.validate = validate;
  }

  /** What holds for a number: `{ integer, minimum, maximum }`. */
  number(steps) {
    const errors = UNLIKELY_NUMBERS.flatMap((value) => this.errorsAt(steps, value));
    return {
      integer: errors.some(({ keyword, params }) => keyword === 'type' && params.type === 'integer'),
      minimum: limitOf(errors, 'minimum'),
      maximum: limitOf(errors, 'maximum'),
    };
  }

  /** What holds for a string: the values it may have, or a pattern, format and length. */
  string(steps) {
    const errors = UNLIKELY_STRINGS.flatMap((value) => this.errorsAt(steps, value));
    return {
      values: errors.find(({ keyword }) => keyword === 'enum')?.params.allowedValues,
      pattern: errors.find(({ keyword }) => keyword === 'pattern')?.params.pattern,
      format: errors.find(({ keyword }) => keyword === 'format')?.params.format,
      minLength: errors.find(({ keyword }) => keyword === 'minLength')?.params.limit,
      maxLength: errors.find(({ keyword }) => keyword === 'maxLength')?.params.limit,
    };
  }

  list(steps) {
    const errors = [[], new Array(3000).fill('x')].flatMap((value) => this.errorsAt(steps, value));
    return {
      minItems: errors.find(({ keyword }) => keyword === 'minItems')?.params.limit,
      maxItems: errors.find(({ keyword }) => keyword === 'maxItems')?.params.limit,
    };
  }

  /** Whether a free-form field has to be a map. */
  isMap(steps) {
    return this.errorsAt(steps, 7).some(({ keyword, params }) => keyword === 'type' && params.type === 'object');
  }

  /** Of alternatives, how many may be present: `{ none, several }`. */
  alternatives(steps, [first, second]) {
    const given = (names) => Object.fromEntries(names.map((name) => [name, {}]));
    const refused = (value) => this.errorsAt(steps, value).some(({ keyword }) => keyword === 'oneOf' || keyword === 'anyOf');
    return { none: !refused({}), several: !refused(given([...first, ...second])) };
  }

  errorsAt(steps, value) {
    if (this.validate === undefined) return [];
    this.validate(steps.reduceRight((inner, step) => (step === 0 ? [inner] : { [step]: inner }), value));
    const pointer = steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    return (this.validate.errors ?? []).filter(({ instancePath }) => instancePath === pointer);
  }
}

function limitOf(errors, keyword) {
  const limits = errors.filter((error) => error.keyword === keyword).map(({ params }) => params.limit);
  return limits[0];
}
