// The text filter of lists: words that must all be there, and with a minus words that must not.
import type { Labels } from '../api/answer';
import { labelPairs, quote } from '../api/labels';

export interface Term {
  text: string;
  isExcluded: boolean;
}

/** A word ends at a space, unless the space stands in a quoted label value. */
const WORDS = /-?[^\s"]*"(?:[^"\\]|\\.)*"?|\S+/g;

export function parseTerms(search: string): Term[] {
  const words = search.toLowerCase().match(WORDS) ?? [];
  return words
    .map((word) =>
      word.startsWith('-')
        ? { text: word.slice(1), isExcluded: true }
        : { text: word, isExcluded: false },
    )
    .filter((term) => term.text !== '');
}

/** `text` is in lower case. */
export function matchesTerms(text: string, terms: readonly Term[]): boolean {
  return terms.every((term) => text.includes(term.text) !== term.isExcluded);
}

/** What the words of a filter are looked for in: each label as it is shown. */
export function labelText(labels: Labels): string {
  return labelPairs(labels)
    .map(([name, value]) => labelTerm(name, value))
    .join(' ');
}

export function labelTerm(name: string, value: string): string {
  return `${name}=${quote(value)}`;
}

/** The search with the term added, or without it if it was there. */
export function toggleTerm(search: string, term: string): string {
  const words = search.match(WORDS) ?? [];
  const rest = words.filter((word) => word !== term);
  return (rest.length < words.length ? rest : [...words, term]).join(' ');
}
