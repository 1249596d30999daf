/** How a menu of something on the screen is called: right click, the menu key, or holding a finger on it. */

import { useRef, type MouseEvent, type PointerEvent } from "react";

/** Where the menu opens, and what gets the focus back when nothing was chosen. */
export interface MenuPlace {
  x: number;
  y: number;
  returnTo: HTMLElement | null;
}

const HOLD_MS = 450;
const STILL_PX = 10;

export function below(element: HTMLElement): MenuPlace {
  const { left, bottom } = element.getBoundingClientRect();
  return { x: left, y: bottom, returnTo: element };
}

/** Handlers for the element. iOS sends no `contextmenu` for a held finger, so a timer waits for it too. */
export function useMenuGesture(open: (place: MenuPlace) => void) {
  const held = useRef({ timer: 0, x: 0, y: 0 });
  const cancel = () => window.clearTimeout(held.current.timer);
  return {
    onContextMenu: (event: MouseEvent<HTMLElement>) => {
      // Who has marked text wants the browser's own menu.
      if (window.getSelection()?.isCollapsed === false) return;
      event.preventDefault();
      cancel();
      const element = event.currentTarget;
      const focusable = element.querySelector<HTMLElement>("[aria-haspopup=menu]") ?? element;
      // The menu key has no place of its own.
      open(event.clientX === 0 && event.clientY === 0 ? below(focusable) : { x: event.clientX, y: event.clientY, returnTo: focusable });
    },
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.pointerType !== "touch") return;
      const { clientX: x, clientY: y, currentTarget } = event;
      const returnTo = currentTarget.querySelector<HTMLElement>("[aria-haspopup=menu]");
      cancel();
      held.current = { x, y, timer: window.setTimeout(() => open({ x, y, returnTo }), HOLD_MS) };
    },
    onPointerMove: ({ clientX, clientY }: PointerEvent<HTMLElement>) => {
      if (Math.hypot(clientX - held.current.x, clientY - held.current.y) > STILL_PX) cancel();
    },
    onPointerUp: cancel,
    onPointerCancel: cancel,
  };
}
