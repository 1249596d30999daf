import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { register, requestCode } from "../../api/client";
import { Problem } from "../../api/problem";
import { problemText } from "../../lib/i18n/problemText";
import { Banner } from "../../ui/Banner/Banner";
import { Button } from "../../ui/Button/Button";
import { TextField } from "../../ui/TextField/TextField";
import { useMailbox } from "./useMailbox";
import styles from "./Welcome.module.css";

/** Two steps: prove the address, then say who you are and choose a PIN. */
export function Register() {
  const [email, setEmail] = useState("");
  const [codeSent, setCodeSent] = useState(false);
  return codeSent ? (
    <Finish email={email} onOtherEmail={() => setCodeSent(false)} />
  ) : (
    <Address email={email} onEmail={setEmail} onSent={() => setCodeSent(true)} />
  );
}

function Address({ email, onEmail, onSent }: { email: string; onEmail: (to: string) => void; onSent: () => void }) {
  const { t } = useTranslation();
  const request = useMutation({ mutationFn: () => requestCode(email.trim()), onSuccess: onSent });
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
        onChange={(event) => onEmail(event.target.value)}
      />
      {request.error !== null && <Banner kind="danger">{problemText(t, request.error)}</Banner>}
      <Button type="submit" busy={request.isPending}>
        {t("welcome.sendCode")}
      </Button>
    </form>
  );
}

function Finish({ email, onOtherEmail }: { email: string; onOtherEmail: () => void }) {
  const { t } = useTranslation();
  const mailbox = useMailbox(email);
  const [code, setCode] = useState("");
  const [name, setName] = useState("");
  const [cyphrId, setCyphrId] = useState("");
  const [pin, setPin] = useState("");
  const id = cyphrId.trim() === "" ? "" : `@${cyphrId.trim().replace(/^@/, "")}`;
  const attempt = useMutation({
    mutationFn: () =>
      register({
        email: email.trim(),
        code: code.trim(),
        full_name: name.trim(),
        pin,
        ...(id === "" ? {} : { cyphr_id: id }),
      }),
  });
  const error =
    attempt.error instanceof Problem && attempt.error.code === "not_authenticated"
      ? t("problem.wrongCode")
      : attempt.error && problemText(t, attempt.error);
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
        label={t("welcome.name")}
        autoComplete="name"
        required
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label={t("welcome.cyphrId")}
        hint={t("welcome.cyphrIdHint")}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        placeholder={t("newChat.placeholder")}
        pattern="\s*@?[A-Za-z0-9_.\-]{2,40}\s*"
        title={t("problem.cyphrId")}
        value={cyphrId}
        onChange={(event) => setCyphrId(event.target.value)}
      />
      <TextField
        label={t("welcome.pin")}
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
      {error !== null && <Banner kind="danger">{error}</Banner>}
      <Button type="submit" busy={attempt.isPending}>
        {t("welcome.finish")}
      </Button>
      <Button kind="quiet" onClick={onOtherEmail}>
        {t("welcome.otherEmail")}
      </Button>
    </form>
  );
}
