import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answerWithCode, answerWithPasskey, knowsPasskeys, signIn, signInWithPasskey } from "../../api/security";
import type { Challenge } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { Banner } from "../../ui/Banner/Banner";
import { Button } from "../../ui/Button/Button";
import { TextField } from "../../ui/TextField/TextField";
import styles from "./Welcome.module.css";

export function SignIn() {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const [pin, setPin] = useState("");
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  const attempt = useMutation({ mutationFn: () => signIn(email.trim(), pin), onSuccess: setChallenge });
  const passkey = useMutation({ mutationFn: signInWithPasskey });
  if (challenge !== null) return <SecondFactor challenge={challenge} onLeave={() => setChallenge(null)} />;
  const error = passkey.error ?? attempt.error;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        passkey.reset();
        attempt.mutate();
      }}
    >
      <TextField
        label={t("welcome.email")}
        type="email"
        autoComplete="username"
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <TextField
        label={t("welcome.pin")}
        type="password"
        inputMode="numeric"
        autoComplete="current-password"
        required
        value={pin}
        onChange={(event) => setPin(event.target.value)}
      />
      {error !== null && <Banner kind="danger">{problemText(t, error)}</Banner>}
      <Button type="submit" busy={attempt.isPending}>
        {t("welcome.signIn")}
      </Button>
      {knowsPasskeys() && (
        <Button kind="quiet" busy={passkey.isPending} onClick={() => passkey.mutate()}>
          {t("welcome.passkey")}
        </Button>
      )}
    </form>
  );
}

/** The PIN was right; this account asks for one more proof. */
function SecondFactor({ challenge, onLeave }: { challenge: Challenge; onLeave: () => void }) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const coded = challenge.factors.some((factor) => factor !== "passkey");
  const attempt = useMutation({ mutationFn: () => answerWithCode(challenge.challenge, code) });
  const passkey = useMutation({ mutationFn: () => answerWithPasskey(challenge.challenge) });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        attempt.mutate();
      }}
    >
      {coded && (
        <TextField
          label={t("welcome.secondCode")}
          hint={t("welcome.secondHint")}
          autoComplete="one-time-code"
          required
          autoFocus
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      )}
      {attempt.error !== null && <Banner kind="danger">{t("problem.secondFactor")}</Banner>}
      {passkey.error !== null && <Banner kind="danger">{problemText(t, passkey.error)}</Banner>}
      {coded && (
        <Button type="submit" busy={attempt.isPending}>
          {t("welcome.signIn")}
        </Button>
      )}
      {challenge.factors.includes("passkey") && knowsPasskeys() && (
        <Button kind="quiet" busy={passkey.isPending} onClick={() => passkey.mutate()}>
          {t("welcome.passkey")}
        </Button>
      )}
      <Button kind="quiet" onClick={onLeave}>
        {t("cancel")}
      </Button>
    </form>
  );
}
