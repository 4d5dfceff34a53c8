// Whether an element is on screen or nearly so; panels below the fold wait until they are.
import { type RefObject, useEffect, useRef, useState } from 'react';

/** Far enough ahead that a panel has usually arrived when it is scrolled to. */
const AHEAD = '240px';

export function useVisibility<E extends Element>(): [RefObject<E | null>, boolean] {
  const element = useRef<E>(null);
  const [isVisible, setVisible] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver(
      (entries) => setVisible(entries.at(-1)?.isIntersecting ?? false),
      { rootMargin: AHEAD },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, isVisible];
}
