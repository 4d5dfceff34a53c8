// A relabel rule in words: pieces of text, of which some are code.
import type { RelabelRule } from '../api/targets';

export interface Piece {
  text: string;
  isCode: boolean;
}

const ANY = '(.*)';

/** `keep only where [__address__] matches [web.*]` */
export function ruleText(rule: RelabelRule): Piece[] {
  const source = code(sourceText(rule));
  const regex = code(rule.regex);
  const target = code(rule.target_label ?? '');
  switch (rule.action) {
    case 'keep':
      return [words('Keep only where'), source, words('matches'), regex];
    case 'drop':
      return [words('Drop where'), source, words('matches'), regex];
    case 'keepequal':
      return [words('Keep only where'), source, words('equals'), target];
    case 'dropequal':
      return [words('Drop where'), source, words('equals'), target];
    case 'hashmod':
      return setTo(target, [words('the hash of'), source, words(`modulo ${rule.modulus ?? 0}`)]);
    case 'lowercase':
      return setTo(target, [source, words('in lower case')]);
    case 'uppercase':
      return setTo(target, [source, words('in upper case')]);
    case 'labelmap':
      return [words('Copy labels named'), regex, words('to'), code(rule.replacement)];
    case 'labeldrop':
      return [words('Remove labels named'), regex];
    case 'labelkeep':
      return [words('Keep only labels named'), regex];
    default:
      return replaceText(rule, source, regex, target);
  }
}

function replaceText(rule: RelabelRule, source: Piece, regex: Piece, target: Piece): Piece[] {
  const hasSource = (rule.source_labels ?? []).length > 0;
  const where =
    hasSource && rule.regex !== ANY ? [words('where'), source, words('matches'), regex] : [];
  if (rule.replacement === '') return [words('Remove'), target, ...where];
  const isCopy = rule.regex === ANY && rule.replacement === '$1' && hasSource;
  return [...setTo(target, [isCopy ? source : code(rule.replacement)]), ...where];
}

function setTo(target: Piece, value: Piece[]): Piece[] {
  return [words('Set'), target, words('to'), ...value];
}

/** The source labels as they are joined. */
function sourceText(rule: RelabelRule): string {
  const labels = rule.source_labels ?? [];
  return labels.length === 0 ? '(no source labels)' : labels.join(rule.separator);
}

function words(text: string): Piece {
  return { text, isCode: false };
}

function code(text: string): Piece {
  return { text, isCode: true };
}
