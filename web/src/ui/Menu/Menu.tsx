import * as Radix from "@radix-ui/react-dropdown-menu";
import { useRef, type ReactNode } from "react";
import { Icon, type IconName } from "../Icon/Icon";
import type { MenuPlace } from "./gesture";
import styles from "./Menu.module.css";

interface Props {
  label: string;
  place: MenuPlace;
  /** Called with what was chosen, after the menu has given the focus back, so that it may take it. */
  onClose: (chosen: (() => void) | null) => void;
  children: (choose: (action: () => void) => void) => ReactNode;
}

/** A menu that is open: arrows move, Enter chooses, Esc closes. Whoever shows it takes it away on `onClose`. */
export function Menu({ label, place, onClose, children }: Props) {
  const chosen = useRef<(() => void) | null>(null);
  return (
    <Radix.Root open modal={false} onOpenChange={(open) => !open && onClose(chosen.current)}>
      <Radix.Trigger asChild>
        <span aria-hidden="true" className={styles.anchor} style={{ left: place.x, top: place.y }} />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          className={styles.menu}
          aria-label={label}
          align="start"
          collisionPadding={8}
          loop
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (chosen.current === null) place.returnTo?.focus();
          }}
        >
          {children((action) => (chosen.current = action))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ItemProps {
  icon: IconName;
  onSelect: () => void;
  danger?: boolean;
  children: ReactNode;
}

export function MenuItem({ icon, onSelect, danger = false, children }: ItemProps) {
  return (
    <Radix.Item className={styles.item} data-danger={danger} onSelect={onSelect}>
      <Icon name={icon} size={18} />
      {children}
    </Radix.Item>
  );
}

/** Small items side by side; for the keyboard they are items like the others. */
export function MenuRow({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Radix.Group className={styles.row} aria-label={label}>
      {children}
    </Radix.Group>
  );
}

export function MenuTile({ label, pressed, onSelect, children }: { label: string; pressed?: boolean; onSelect: () => void; children: ReactNode }) {
  return (
    <Radix.CheckboxItem className={styles.tile} aria-label={label} checked={pressed ?? false} onSelect={onSelect}>
      {children}
    </Radix.CheckboxItem>
  );
}

export function MenuLine() {
  return <Radix.Separator className={styles.line} />;
}
