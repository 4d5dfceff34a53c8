// Which rules and alerts the pages show, in which order, and how many there are in each state.
import type { AlertingRule, AlertState, Rule, RuleGroup } from '../api/rules';
import { labelText, matchesTerms, parseTerms } from '../lists/search';

export interface ListedAlert {
  /** Group, name and place: the same from one answer to the next. */
  id: string;
  rule: AlertingRule;
  group: RuleGroup;
}

export type AlertFilter = AlertState | 'all' | 'failing';

const ORDER: Record<AlertState, number> = { firing: 0, pending: 1, unknown: 3, inactive: 4 };

/** What burns first, then what failed, then the others as their files have them. */
export function listAlerts(groups: RuleGroup[], state: AlertFilter, search: string) {
  const terms = parseTerms(search);
  const counts: Record<AlertFilter, number> = {
    all: 0,
    firing: 0,
    pending: 0,
    inactive: 0,
    unknown: 0,
    failing: 0,
  };
  const alerts: ListedAlert[] = [];
  for (const { rule, id, group } of flatten(groups)) {
    if (rule.type !== 'alerting' || !matchesTerms(textOf(rule, group), terms)) continue;
    const isFailing = rule.health === 'err';
    counts.all += 1;
    counts[rule.state] += 1;
    if (isFailing) counts.failing += 1;
    const isShown = state === 'all' || state === rule.state || (state === 'failing' && isFailing);
    if (isShown) alerts.push({ id, rule, group });
  }
  alerts.sort((a, b) => rank(a.rule) - rank(b.rule));
  return { alerts, counts };
}

export type RuleFilter = 'all' | 'alerting' | 'recording' | 'failing';

export interface ListedGroup {
  group: RuleGroup;
  rules: { id: string; rule: Rule }[];
  failing: number;
}

/** In the order of the files. */
export function listRules(groups: RuleGroup[], state: RuleFilter, search: string) {
  const terms = parseTerms(search);
  const counts: Record<RuleFilter, number> = { all: 0, alerting: 0, recording: 0, failing: 0 };
  const listed = new Map<RuleGroup, ListedGroup>();
  for (const { rule, id, group } of flatten(groups)) {
    const entry = listed.get(group) ?? { group, rules: [], failing: 0 };
    listed.set(group, entry);
    const isFailing = rule.health === 'err';
    if (isFailing) entry.failing += 1;
    if (!matchesTerms(textOf(rule, group), terms)) continue;
    counts.all += 1;
    counts[rule.type] += 1;
    if (isFailing) counts.failing += 1;
    const isShown = state === 'all' || state === rule.type || (state === 'failing' && isFailing);
    if (isShown) entry.rules.push({ id, rule });
  }
  const shown = [...listed.values()].filter(({ rules }) => rules.length > 0);
  return { groups: shown, counts };
}

function* flatten(groups: RuleGroup[]) {
  for (const group of groups) {
    for (const [at, rule] of group.rules.entries()) {
      yield { group, rule, id: `${group.file};${group.name};${at};${rule.name}` };
    }
  }
}

function rank({ state, health }: AlertingRule): number {
  return health === 'err' ? Math.min(2, ORDER[state]) : ORDER[state];
}

function textOf(rule: Rule, group: RuleGroup): string {
  const alerts = rule.type === 'alerting' ? (rule.alerts ?? []) : [];
  const parts = [
    rule.name,
    rule.query,
    labelText(rule.labels ?? {}),
    group.name,
    group.file,
    rule.lastError ?? '',
    ...alerts.map(({ labels }) => labelText(labels)),
  ];
  return parts.join(' ').toLowerCase();
}
