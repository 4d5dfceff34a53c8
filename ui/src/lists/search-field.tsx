// The text of a filter; it takes effect when typing pauses.
import { Input } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Icon } from '../panels/icon';

const PAUSE = 150;

export interface SearchFieldProps {
  value: string;
  placeholder: string;
  onChange: (text: string) => void;
}

export function SearchField({ value, placeholder, onChange }: SearchFieldProps) {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  useEffect(() => {
    if (draft === value) return;
    const timer = setTimeout(() => onChange(draft), PAUSE);
    return () => clearTimeout(timer);
  }, [draft, value, onChange]);
  return (
    <Input
      size="xs"
      type="search"
      aria-label="Filter"
      placeholder={placeholder}
      leftSection={<Icon name="search" size={14} />}
      value={draft}
      onChange={(event) => setDraft(event.currentTarget.value)}
    />
  );
}
