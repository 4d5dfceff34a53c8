// A thin bar for a share; its colour changes near the end, its number is always beside it.
import styles from './meter.module.css';

const HIGH = 0.8;
const FULL = 0.95;

export function Meter({ share, label }: { share: number; label: string }) {
  const width = Math.min(1, Math.max(0, share)) * 100;
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers do not let the bar of a meter element be styled alike
    <div
      className={styles.track}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(width)}
    >
      <div
        className={styles.fill}
        data-level={share >= FULL ? 'full' : share >= HIGH ? 'high' : undefined}
        style={{ width: `${width}%` }}
      />
    </div>
  );
}
