/**
 * Where the packages say something else than the API server does, and why.
 *
 * Each entry names a declaration by its file, or every declaration with `*`.
 */

/** Fields that a declaration requires and the API server does not: it defaults them, or an empty value is as good. */
export const OPTIONAL = [];

/** Fields whose shape is another one. */
export const SHAPES = [];

/** Patterns written so that a long wrong value takes for ever to refuse, and the same language without the ambiguity. */
export const PATTERNS = [];
