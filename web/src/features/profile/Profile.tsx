import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { changePin, putAvatar, readMe } from "../../api/client";
import type { Person } from "../../api/types";
import { chooseLanguage, LANGUAGES, type Language } from "../../lib/i18n/i18n";
import { problemText } from "../../lib/i18n/problemText";
import { Avatar } from "../../ui/Avatar/Avatar";
import { Banner } from "../../ui/Banner/Banner";
import { Button } from "../../ui/Button/Button";
import { TextField } from "../../ui/TextField/TextField";
import { DeviceSettings } from "./DeviceSettings";
import { NotificationSettings } from "./NotificationSettings";
import { PrivacySettings } from "./PrivacySettings";
import styles from "./Profile.module.css";
import { SecuritySettings } from "./SecuritySettings";

const LARGEST_BYTES = 1024 * 1024;

/** The signed-in person's own page. */
export default function Profile({ person, onSignOut }: { person: Person; onSignOut: () => void }) {
  const { t, i18n } = useTranslation();
  const me = useQuery({ queryKey: ["me", person.id], queryFn: readMe });
  return (
    <section className={styles.page} aria-label={t("profile.title")}>
      <div className={styles.column}>
        <h1 className={styles.title}>{t("profile.title")}</h1>
        <div className={styles.card}>
          <Avatar name={person.full_name} url={person.avatar_url} size={96} />
          <p className={styles.name}>{person.full_name}</p>
          <p className={styles.secondary}>{[person.cyphr_id, me.data?.email].filter(Boolean).join(" · ")}</p>
          <ChangePicture />
        </div>
        <div className={styles.card}>
          <h2 className={styles.heading}>{t("profile.language")}</h2>
          <div className={styles.choices} role="group" aria-label={t("profile.language")}>
            {(Object.entries(LANGUAGES) as [Language, string][]).map(([code, name]) => (
              <button
                key={code}
                type="button"
                lang={code}
                aria-pressed={i18n.language === code}
                onClick={() => chooseLanguage(code)}
              >
                {name}
              </button>
            ))}
          </div>
        </div>
        <PrivacySettings />
        <NotificationSettings />
        <SecuritySettings />
        <DeviceSettings />
        <ChangePin />
        <Button kind="danger" onClick={onSignOut}>
          {t("profile.signOut")}
        </Button>
      </div>
    </section>
  );
}

function ChangePicture() {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [tooBig, setTooBig] = useState(false);
  const put = useMutation({ mutationFn: putAvatar });
  return (
    <>
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/webp"
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file === undefined) return;
          setTooBig(file.size > LARGEST_BYTES);
          if (file.size <= LARGEST_BYTES) put.mutate(file);
        }}
      />
      <Button kind="quiet" busy={put.isPending} onClick={() => input.current?.click()}>
        {t("profile.avatar")}
      </Button>
      {tooBig ? (
        <Banner kind="danger">{t("profile.avatarTooBig")}</Banner>
      ) : put.error !== null ? (
        <Banner kind="danger">{problemText(t, put.error)}</Banner>
      ) : (
        <p className={styles.secondary}>{t("profile.avatarHint")}</p>
      )}
    </>
  );
}

function ChangePin() {
  const { t } = useTranslation();
  const [pin, setPin] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    mutationFn: () => changePin(pin, next),
    onSuccess: () => {
      setPin("");
      setNext("");
    },
  });
  return (
    <form
      className={`${styles.card} ${styles.form}`}
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <h2 className={styles.heading}>{t("profile.changePin")}</h2>
      <TextField
        label={t("profile.oldPin")}
        type="password"
        inputMode="numeric"
        autoComplete="current-password"
        required
        value={pin}
        onChange={(event) => setPin(event.target.value)}
      />
      <TextField
        label={t("profile.newPin")}
        hint={t("welcome.pinHint")}
        type="password"
        inputMode="numeric"
        autoComplete="new-password"
        pattern="[0-9]{4,6}"
        title={t("problem.pin")}
        required
        value={next}
        onChange={(event) => setNext(event.target.value)}
      />
      {change.error !== null && <Banner kind="danger">{problemText(t, change.error)}</Banner>}
      {change.isSuccess && <Banner kind="info">{t("profile.pinChanged")}</Banner>}
      <Button type="submit" busy={change.isPending}>
        {t("profile.changePin")}
      </Button>
    </form>
  );
}
