/** Text of strangers, made safe for a terminal: manifests may hold escape sequences and characters that turn the line around. */

/** C0 and C1 controls without the tab, line and paragraph separators, marks that change the direction of what follows. */
const UNPRINTABLE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** One line in which nothing is hidden. */
export function printable(text: string): string {
  return text.replace(/\r?\n/g, ' ').replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** As many columns of a terminal as the text takes, of nothing. */
export function blankOf(text: string): string {
  // A wide character is as wide as the ideographic space.
  return text.replace(/[^\t]/gu, (character) => (WIDE.test(character) ? '\u3000' : COMBINING.test(character) ? '' : ' '));
}

const WIDE = /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uff60]|\p{Emoji_Presentation}/u;
const COMBINING = /\p{Mark}/u;
