import styles from "./Spinner.module.css";

/** Something is under way. Decorative: who shows it says in words what. */
export function Spinner({ size = 18 }: { size?: number }) {
  return <span className={styles.spinner} style={{ width: size, height: size }} aria-hidden="true" />;
}
