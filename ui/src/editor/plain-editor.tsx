// The expression in a text area that grows with its lines.
import type { EditorProps } from './expression-editor';
import styles from './expression-editor.module.css';

export interface PlainEditorProps extends EditorProps {
  onFocusChange: (hasFocus: boolean) => void;
}

export function PlainEditor(props: PlainEditorProps) {
  const { value, onChange, onRun, onFocusChange } = props;
  return (
    <textarea
      className={styles.plain}
      aria-label={props.label}
      aria-invalid={props.error !== undefined}
      placeholder="Expression: Enter runs it, Shift+Enter starts a new line"
      rows={value.split('\n').length}
      spellCheck={false}
      autoCapitalize="off"
      autoCorrect="off"
      // biome-ignore lint/a11y/noAutofocus: a page whose only purpose is this field opens in it
      autoFocus={props.hasAutoFocus}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      onFocus={() => onFocusChange(true)}
      onBlur={() => onFocusChange(false)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || event.shiftKey) return;
        event.preventDefault();
        onRun();
      }}
    />
  );
}
