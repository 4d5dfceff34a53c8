// Names and values of a chart's lines; a click shows only that line, with Ctrl or ⌘ it hides one.

import styles from './legend.module.css';
import { type Line, valueAt } from './line';
import { type Scheme, seriesColour, seriesDash } from './palette';
import { formatValue, type Unit } from './units';

export interface LegendProps {
  lines: Line[];
  unit: Unit;
  scheme: Scheme;
  hidden: ReadonlySet<string>;
  onHide: (hidden: ReadonlySet<string>) => void;
  /** The step under the crosshair; without one the legend shows the last values. */
  cursor: number | null;
  focused?: string | undefined;
  /** One line per row with the full name, for charts whose lines have long names. */
  isList?: boolean;
  note?: string | undefined;
}

export function Legend(props: LegendProps) {
  const { lines, hidden, onHide, isList, note } = props;
  const isMirror = lines.some((line) => line.isMirrored);
  return (
    <ul className={isList ? styles.list : styles.flow}>
      {lines.map((line) => (
        <li key={line.id}>
          <button
            type="button"
            className={styles.entry}
            aria-pressed={!hidden.has(line.id)}
            data-focused={props.focused === line.id || undefined}
            title={line.label}
            onClick={(event) => {
              const isToggle = event.ctrlKey || event.metaKey;
              onHide(isToggle ? toggle(hidden, line.id) : isolate(hidden, lines, line.id));
            }}
          >
            <Swatch line={line} scheme={props.scheme} isMirror={isMirror} />
            <span className={styles.name}>{line.label}</span>
            <LegendValue line={line} cursor={props.cursor} unit={props.unit} />
          </button>
        </li>
      ))}
      {note && <li className={styles.note}>{note}</li>}
    </ul>
  );
}

/** Shows only this line, or all of them again when it already is the only one. */
export function isolate(
  hidden: ReadonlySet<string>,
  lines: readonly Line[],
  id: string,
): ReadonlySet<string> {
  const others = lines.filter((line) => line.id !== id).map((line) => line.id);
  const isAlone = !hidden.has(id) && others.every((other) => hidden.has(other));
  return isAlone ? new Set() : new Set(others);
}

export function toggle(hidden: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(hidden);
  if (!next.delete(id)) next.add(id);
  return next;
}

function LegendValue({ line, cursor, unit }: { line: Line; cursor: number | null; unit: Unit }) {
  const value = valueAt(line, cursor);
  return (
    <span className={styles.value}>
      {value === null ? '–' : formatValue(Math.abs(value), unit)}
    </span>
  );
}

interface SwatchProps {
  line: Line;
  scheme: Scheme;
  /** In a chart with two directions the swatch points up or down. */
  isMirror: boolean;
}

function Swatch({ line, scheme, isMirror }: SwatchProps) {
  const colour = seriesColour(scheme, line.colour);
  if (isMirror) {
    return (
      <svg className={styles.arrow} viewBox="0 0 8 8" aria-hidden="true">
        <path d={line.isMirrored ? 'M0 1h8L4 8z' : 'M0 7h8L4 0z'} fill={colour} />
      </svg>
    );
  }
  const dash = line.isDashed ? [3, 2] : seriesDash(line.colour)?.map((part) => part / 2);
  return (
    <svg className={styles.swatch} viewBox="0 0 12 4" aria-hidden="true">
      <path
        d="M0 2h12"
        stroke={colour}
        strokeWidth={dash ? 2 : 4}
        strokeDasharray={dash?.join(' ')}
      />
    </svg>
  );
}
