// A relabel rule in words on the page.
import { Fragment } from 'react';
import type { RelabelRule } from '../api/targets';
import { ruleText } from './relabel-text';
import styles from './rule-text.module.css';

export function RuleText({ rule }: { rule: RelabelRule }) {
  return (
    <span className={styles.rule}>
      {ruleText(rule).map(({ text, isCode }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a sentence have no identity
        <Fragment key={at}>
          {at > 0 && ' '}
          {isCode ? <code>{text}</code> : text}
        </Fragment>
      ))}
    </span>
  );
}
