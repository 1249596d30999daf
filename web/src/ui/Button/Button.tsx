import type { ComponentProps } from "react";
import { Spinner } from "../Spinner/Spinner";
import styles from "./Button.module.css";

interface Props extends ComponentProps<"button"> {
  kind?: "primary" | "quiet" | "danger";
  /** Work is under way: the button says so and cannot be pressed again. */
  busy?: boolean;
}

export function Button({ kind = "primary", busy = false, type = "button", className, children, ...rest }: Props) {
  return (
    <button
      type={type}
      className={[styles.button, styles[kind], className].filter(Boolean).join(" ")}
      aria-busy={busy}
      {...rest}
      disabled={rest.disabled === true || busy}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}
