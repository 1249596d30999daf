import type { ReactNode } from "react";
import styles from "./Banner.module.css";

/** A sentence across the width of its place. It is announced politely when it appears. */
export function Banner({ kind, children }: { kind: "info" | "warn" | "danger"; children: ReactNode }) {
  return (
    <div role="status" className={`${styles.banner} ${styles[kind]}`}>
      {children}
    </div>
  );
}
