/** English name of a BCP 47 language tag: `es` is Spanish. What is no tag, as some documents send it, stands for itself. */
export function languageName(tag: string): string {
  try {
    return NAMES.of(tag) ?? tag;
  } catch {
    return tag; // RangeError: not well-formed
  }
}

const NAMES = new Intl.DisplayNames('en-US', { type: 'language' });
