// How full every file system is: one bar per mount point, the fullest first.
import { useMemo } from 'react';
import { useVectors } from '../api/queries';
import { formatValue } from '../charts/units';
import { queryHref } from '../state/query-address';
import { useVisibility } from '../state/visibility';
import { type FileSystem, readFileSystems } from './file-system-usage';
import styles from './file-systems.module.css';
import { Meter } from './meter';
import { PanelFrame } from './panel-frame';
import { fillExpr } from './plan';
import type { View } from './view';

const REAL =
  '$machine,fstype!~"tmpfs|ramfs|rootfs|squashfs|iso9660|autofs|nsfs|devtmpfs|fuse.lxcfs"';

const EXPRS = [`node_filesystem_size_bytes{${REAL}}`, `node_filesystem_avail_bytes{${REAL}}`];

export function FileSystems({ view }: { view: View }) {
  const [frame, isVisible] = useVisibility();
  const exprs = useMemo(
    () => EXPRS.map((expr) => fillExpr(expr, view.machine, '')),
    [view.machine],
  );
  const { data, error } = useVectors(exprs, view.at, isVisible && view.isReady);
  const systems = useMemo(() => data && readFileSystems(data[0] ?? [], data[1] ?? []), [data]);
  return (
    <PanelFrame
      title="File systems"
      href={queryHref(exprs, view.window, view.isLive)}
      exprs={exprs}
      error={error}
      frameRef={frame}
      isList
      state={!systems ? 'loading' : systems.length === 0 ? 'empty' : 'ready'}
    >
      <ul className={styles.list}>
        {systems?.map((system) => (
          <Row key={system.mountpoint} system={system} />
        ))}
      </ul>
    </PanelFrame>
  );
}

function Row({ system }: { system: FileSystem }) {
  const { mountpoint, device, kind, used, size, share } = system;
  return (
    <li className={styles.row} title={`${device}, ${kind}`}>
      <span className={styles.mount}>{mountpoint}</span>
      <span className={styles.kind}>{kind}</span>
      <span className={styles.size}>
        {formatValue(used, 'bytes')} of {formatValue(size, 'bytes')}
      </span>
      <span className={styles.share}>{formatValue(share, 'ratio')}</span>
      <div className={styles.meter}>
        <Meter share={share} label={`Used of ${mountpoint}`} />
      </div>
    </li>
  );
}
