import { useCallback, useEffect, useRef, type KeyboardEvent, type PointerEvent, type WheelEvent } from "react";

const UPWARDS = new Set(["ArrowUp", "PageUp", "Home"]);

/**
 * Keeps the end of a list in sight whenever it grows, until somebody moves away from it. That the end is out of sight
 * for a moment is no sign of that: messages may come faster than the list draws them.
 */
export function useFollowing(newestOwn: string | undefined, atBottom: boolean) {
  const following = useRef(true);
  const scroller = useRef<HTMLElement | null>(null);
  const observer = useRef<ResizeObserver | null>(null);
  const follow = () => {
    if (following.current) scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  };
  const scrollerRef = useCallback((element: HTMLElement | Window | null) => {
    observer.current?.disconnect();
    scroller.current = element instanceof HTMLElement ? element : null;
    // Told by the browser once the rows are laid out: before that nobody knows how high they are.
    observer.current = new ResizeObserver(follow);
    for (const part of scroller.current?.firstElementChild?.children ?? []) {
      observer.current.observe(part, { box: "border-box" });
    }
  }, []);
  useEffect(() => {
    if (atBottom) following.current = true;
  }, [atBottom]);
  // One's own message is always shown, wherever one has scrolled to.
  useEffect(() => {
    if (newestOwn === undefined) return;
    following.current = true;
    follow();
  }, [newestOwn]);
  const leave = () => {
    following.current = false;
  };
  return {
    leave,
    scrollerRef,
    /** For the element that scrolls. */
    moves: {
      onWheel: (event: WheelEvent) => event.deltaY < 0 && leave(),
      onTouchMove: leave,
      onKeyDown: (event: KeyboardEvent) => UPWARDS.has(event.key) && leave(),
      // Its bar is no element of its own.
      onPointerDown: (event: PointerEvent) => event.target === event.currentTarget && leave(),
    },
  };
}
