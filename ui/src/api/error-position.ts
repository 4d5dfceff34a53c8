// Where in an expression an API error points: "1:5: parse error: …" turned into text offsets.

export interface LocatedError {
  /** The message without the position and the words every parse error starts with. */
  text: string;
  line: number;
  column: number;
  /** Offsets into the expression; `to` is past `from` unless the expression is empty. */
  from: number;
  to: number;
}

const POSITION = /^(?:invalid parameter "[^"]*": )?(\d+):(\d+): (?:parse error: )?([\s\S]*)$/;

export function locateError(message: string, expression: string): LocatedError | undefined {
  const match = POSITION.exec(message);
  if (!match) return undefined;
  const [line, column, text] = [Number(match[1]), Number(match[2]), match[3] ?? ''];
  const start = lineStart(expression, line);
  const lineEnd = expression.indexOf('\n', start);
  const lineText = expression.slice(start, lineEnd < 0 ? undefined : lineEnd);
  const at = start + characterOffset(lineText, column - 1);
  const { from, to } = wordAt(expression, at, start);
  return { text, line, column, from, to };
}

function lineStart(expression: string, line: number): number {
  let start = 0;
  for (let passed = 1; passed < line; passed += 1) {
    const end = expression.indexOf('\n', start);
    if (end < 0) return start;
    start = end + 1;
  }
  return start;
}

/** Columns count bytes of UTF-8; an editor counts UTF-16 units. */
function characterOffset(line: string, bytes: number): number {
  const encoder = new TextEncoder();
  let rest = bytes;
  let offset = 0;
  for (const character of line) {
    if (rest <= 0) break;
    rest -= encoder.encode(character).length;
    offset += character.length;
  }
  return offset;
}

/** The word that starts at the offset, else one character, else the last one before the end. */
function wordAt(expression: string, at: number, start: number): { from: number; to: number } {
  const word = /^[\p{L}\p{N}_:.]+/u.exec(expression.slice(at))?.[0];
  if (word) return { from: at, to: at + word.length };
  if (at < expression.length && expression[at] !== '\n') return { from: at, to: at + 1 };
  const before = expression.slice(start, at).trimEnd().length;
  return { from: start + Math.max(0, before - 1), to: start + before };
}
