// The expression in CodeMirror: PromQL colours, completion from the server, the error underlined.
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, insertNewline } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { useEffect, useLayoutEffect, useRef } from 'react';
import { editorLook } from './editor-look';
import { errorMark, showError } from './error-mark';
import type { EditorProps } from './expression-editor';
import styles from './expression-editor.module.css';

export function RichEditor(props: EditorProps) {
  const holder = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useLayoutEffect(() => {
    if (!holder.current) return;
    const language = new PromQLExtension()
      .activateLinter(false)
      .setComplete({ remote: { url: '' } });
    const made = new EditorView({
      parent: holder.current,
      state: EditorState.create({
        doc: latest.current.value,
        selection: { anchor: latest.current.value.length },
        extensions: [language.asExtension(), ...behaviour(latest)],
      }),
    });
    if (latest.current.hasAutoFocus) made.focus();
    view.current = made;
    return () => {
      made.destroy();
      language.destroy();
      view.current = null;
    };
  }, []);

  const { value, error } = props;
  useEffect(() => {
    const doc = view.current?.state.doc;
    if (!doc || doc.toString() === value) return;
    view.current?.dispatch({ changes: { from: 0, to: doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    view.current?.dispatch({ effects: showError.of(error) });
  }, [error]);

  return <div ref={holder} className={styles.rich} />;
}

function behaviour(latest: { current: EditorProps }): Extension[] {
  const run = () => {
    latest.current.onRun();
    return true;
  };
  return [
    history(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ icons: false }),
    errorMark,
    editorLook,
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': latest.current.label }),
    placeholder('Expression: Enter runs it, Shift+Enter starts a new line'),
    keymap.of([
      { key: 'Enter', run, shift: insertNewline },
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...historyKeymap,
      ...defaultKeymap,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) latest.current.onChange(update.state.doc.toString());
    }),
  ];
}
