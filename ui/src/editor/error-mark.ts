// The underline below the part of the expression that an API error points at.
import { StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView } from '@codemirror/view';
import type { LocatedError } from '../api/error-position';

export const showError = StateEffect.define<LocatedError | undefined>();

const underline = Decoration.mark({ class: 'cm-expression-error' });

/** Follows the text while it is edited, and goes when the next answer comes. */
export const errorMark = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(showError)) next = marksOf(effect.value, transaction.newDoc.length);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function marksOf(error: LocatedError | undefined, length: number): DecorationSet {
  if (!error || error.from >= error.to || error.from >= length) return Decoration.none;
  return Decoration.set([underline.range(error.from, Math.min(error.to, length))]);
}
