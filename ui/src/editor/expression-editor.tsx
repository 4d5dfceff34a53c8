// The field for an expression: a plain text area at once, the rich editor as soon as it has arrived.
import { type ComponentType, useEffect, useState } from 'react';
import type { LocatedError } from '../api/error-position';
import { PlainEditor } from './plain-editor';

export interface EditorProps {
  value: string;
  onChange: (value: string) => void;
  /** Enter was pressed. */
  onRun: () => void;
  /** The part of the expression that the last error points at. */
  error: LocatedError | undefined;
  label: string;
  hasAutoFocus: boolean;
}

export function ExpressionEditor(props: EditorProps) {
  const [Rich, setRich] = useState<ComponentType<EditorProps> | null>(null);
  const [hadFocus, setHadFocus] = useState(props.hasAutoFocus);

  useEffect(() => {
    let isWanted = true;
    import('./rich-editor').then(
      (loaded) => isWanted && setRich(() => loaded.RichEditor),
      () => {
        // The plain field does the work when the rich one cannot be fetched.
      },
    );
    return () => {
      isWanted = false;
    };
  }, []);

  if (Rich) return <Rich {...props} hasAutoFocus={hadFocus} />;
  return <PlainEditor {...props} onFocusChange={setHadFocus} />;
}
