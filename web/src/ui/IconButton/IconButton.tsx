import type { ComponentProps } from "react";
import { Icon, type IconName } from "../Icon/Icon";
import styles from "./IconButton.module.css";

interface Props extends Omit<ComponentProps<"button">, "children" | "aria-label"> {
  icon: IconName;
  /** What it does; also shown as a tooltip. */
  label: string;
  kind?: "quiet" | "primary" | "onBrand";
}

export function IconButton({ icon, label, kind = "quiet", className, ...rest }: Props) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={[styles.button, styles[kind], className].filter(Boolean).join(" ")}
      {...rest}
    >
      <Icon name={icon} size={22} />
    </button>
  );
}
