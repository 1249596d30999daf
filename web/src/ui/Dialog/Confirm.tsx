import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { problemText } from "../../lib/i18n/problemText";
import { Banner } from "../Banner/Banner";
import { Button } from "../Button/Button";
import styles from "./Confirm.module.css";
import { Dialog } from "./Dialog";

interface Props {
  title: string;
  text: string;
  /** What the button that does it says. */
  action: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something that is not easily undone; stays open, and says why, when it fails. */
export function Confirm({ title, text, action, onConfirm, onClose }: Props) {
  const { t } = useTranslation();
  const confirm = useMutation({ mutationFn: onConfirm, onSuccess: onClose });
  return (
    <Dialog open title={title} closeLabel={t("close")} onClose={onClose}>
      <div className={styles.column}>
        <p>{text}</p>
        {confirm.error !== null && <Banner kind="danger">{problemText(t, confirm.error)}</Banner>}
        <Button kind="danger" busy={confirm.isPending} onClick={() => confirm.mutate()}>
          {action}
        </Button>
        <Button kind="quiet" onClick={onClose}>
          {t("cancel")}
        </Button>
      </div>
    </Dialog>
  );
}
