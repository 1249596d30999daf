import { useEffect, useRef, type KeyboardEvent, type PointerEvent, type RefObject, type WheelEvent } from "react";
import type { VirtuosoHandle } from "react-virtuoso";

const UPWARDS = new Set(["ArrowUp", "PageUp", "Home"]);

/**
 * Keeps the end of the list in sight when something is added to it, until somebody moves away from it. That the end is
 * out of sight for a moment is no sign of that: messages may come faster than the list scrolls.
 */
export function useFollowing(
  list: RefObject<VirtuosoHandle | null>,
  lastKey: string | undefined,
  newestOwn: string | undefined,
  atBottom: boolean,
) {
  const following = useRef(true);
  useEffect(() => {
    if (atBottom) following.current = true;
  }, [atBottom]);
  // One's own message is always shown, wherever one has scrolled to.
  useEffect(() => {
    if (newestOwn !== undefined) following.current = true;
  }, [newestOwn]);
  useEffect(() => {
    if (following.current || atBottom) list.current?.scrollToIndex({ index: "LAST", align: "end" });
  }, [list, lastKey]);
  const leave = () => {
    following.current = false;
  };
  return {
    leave,
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
