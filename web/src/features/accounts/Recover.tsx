import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { recoverPin, requestRecovery } from "../../api/client";
import { problemText } from "../../lib/i18n/problemText";
import { Banner } from "../../ui/Banner/Banner";
import { Button } from "../../ui/Button/Button";
import { TextField } from "../../ui/TextField/TextField";
import { useMailbox } from "./useMailbox";
import styles from "./Welcome.module.css";

/** Two steps for who has forgotten the PIN: prove the address, then choose a new one. */
export function Recover({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const request = useMutation({ mutationFn: () => requestRecovery(email.trim()) });
  if (request.isSuccess) return <NewPin email={email.trim()} onDone={onDone} />;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        request.mutate();
      }}
    >
      <p className={styles.step}>{t("welcome.step", { step: 1 })}</p>
      <TextField
        label={t("welcome.email")}
        type="email"
        autoComplete="username"
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      {request.error !== null && <Banner kind="danger">{problemText(t, request.error)}</Banner>}
      <Button type="submit" busy={request.isPending}>
        {t("welcome.sendCode")}
      </Button>
    </form>
  );
}

function NewPin({ email, onDone }: { email: string; onDone: () => void }) {
  const { t } = useTranslation();
  const mailbox = useMailbox(email);
  const [code, setCode] = useState("");
  const [pin, setPin] = useState("");
  const attempt = useMutation({ mutationFn: () => recoverPin(email, code.trim(), pin), onSuccess: onDone });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        attempt.mutate();
      }}
    >
      <p className={styles.step}>{t("welcome.step", { step: 2 })}</p>
      <Banner kind="info">
        <span>
          {t("welcome.codeSent", { email })}{" "}
          {mailbox !== null && (
            <Trans
              i18nKey="welcome.mailbox"
              components={{ mailbox: <a href={mailbox} target="_blank" rel="noreferrer" /> }}
            />
          )}
        </span>
      </Banner>
      <TextField
        label={t("welcome.code")}
        inputMode="numeric"
        autoComplete="one-time-code"
        pattern="\s*[0-9]{6}\s*"
        required
        autoFocus
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
      <TextField
        label={t("welcome.newPin")}
        hint={t("welcome.pinHint")}
        type="password"
        inputMode="numeric"
        autoComplete="new-password"
        pattern="[0-9]{4,6}"
        title={t("problem.pin")}
        required
        value={pin}
        onChange={(event) => setPin(event.target.value)}
      />
      {attempt.error !== null && <Banner kind="danger">{problemText(t, attempt.error)}</Banner>}
      <Button type="submit" busy={attempt.isPending}>
        {t("welcome.setPin")}
      </Button>
    </form>
  );
}
