import * as Radix from "@radix-ui/react-dialog";
import type { ReactNode } from "react";
import { IconButton } from "../IconButton/IconButton";
import styles from "./Dialog.module.css";

interface Props {
  open: boolean;
  title: string;
  /** The name of the button that closes it. */
  closeLabel: string;
  onClose: () => void;
  children: ReactNode;
}

/** A modal: keeps the focus, closes with Esc, gives the focus back. On a phone it is a sheet from below. */
export function Dialog({ open, title, closeLabel, onClose, children }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={styles.scrim} />
        <Radix.Content className={styles.dialog} aria-describedby={undefined}>
          <header className={styles.head}>
            <Radix.Title className={styles.title}>{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton icon="close" label={closeLabel} />
            </Radix.Close>
          </header>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
