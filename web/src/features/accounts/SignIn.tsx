import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { signIn } from "../../api/client";
import { problemText } from "../../lib/i18n/problemText";
import { Banner } from "../../ui/Banner/Banner";
import { Button } from "../../ui/Button/Button";
import { TextField } from "../../ui/TextField/TextField";
import styles from "./Welcome.module.css";

export function SignIn() {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const [pin, setPin] = useState("");
  const attempt = useMutation({ mutationFn: () => signIn(email.trim(), pin) });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
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
      {attempt.error !== null && <Banner kind="danger">{problemText(t, attempt.error)}</Banner>}
      <Button type="submit" busy={attempt.isPending}>
        {t("welcome.signIn")}
      </Button>
    </form>
  );
}
