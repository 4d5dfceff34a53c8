// Whether an element is on screen or nearly so; panels below the fold wait until they are.
import { type RefCallback, useCallback, useState } from 'react';

/** Far enough ahead that a panel has usually arrived when it is scrolled to. */
const AHEAD = '240px';

export function useVisibility(): [RefCallback<Element>, boolean] {
  const [isVisible, setVisible] = useState(false);
  // A callback, so that an element that takes the place of the first one is watched as well.
  const watch = useCallback((element: Element | null) => {
    if (!element) return;
    const observer = new IntersectionObserver(
      (entries) => setVisible(entries.at(-1)?.isIntersecting ?? false),
      { rootMargin: AHEAD },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [watch, isVisible];
}
