// A small text field that takes effect on Enter or when it is left, and only when it can be read.
import { Input } from '@mantine/core';
import { useEffect, useState } from 'react';

export interface TextFieldProps {
  label: string;
  value: string;
  placeholder?: string;
  width: number;
  isValid: (text: string) => boolean;
  onCommit: (text: string) => void;
}

export function TextField(props: TextFieldProps) {
  const { value } = props;
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  const isValid = props.isValid(draft);
  const commit = () => {
    if (isValid && draft !== value) props.onCommit(draft);
  };
  return (
    <Input
      size="xs"
      aria-label={props.label}
      title={props.label}
      placeholder={props.placeholder}
      value={draft}
      error={!isValid}
      w={props.width}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === 'Enter' && commit()}
    />
  );
}
