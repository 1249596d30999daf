import { useState } from "react";
import { useTranslation } from "react-i18next";
import { chooseLanguage, LANGUAGES, type Language } from "../../lib/i18n/i18n";
import { Mark } from "../../ui/Mark/Mark";
import { Recover } from "./Recover";
import { Register } from "./Register";
import { SignIn } from "./SignIn";
import styles from "./Welcome.module.css";

/** What a person sees who is not signed in: the way in, and the way to an account. */
export function Welcome() {
  const { t, i18n } = useTranslation();
  const [way, setWay] = useState<"signIn" | "register" | "recover">("signIn");
  const title = { signIn: t("welcome.signIn"), register: t("welcome.register"), recover: t("welcome.forgotten") };
  return (
    <main className={styles.welcome}>
      <div className={styles.hero}>
        <Rings />
        <span className={styles.brand}>
          <Mark size={36} /> Cyphr
        </span>
        <div className={styles.words}>
          <p className={styles.tagline}>{t("app.tagline")}</p>
          <p className={styles.promise}>{t("app.promise")}</p>
        </div>
      </div>
      <div className={styles.side}>
        <div className={styles.card}>
          <h1 className={styles.title}>{title[way]}</h1>
          {way === "signIn" && <SignIn />}
          {way === "register" && <Register />}
          {way === "recover" && <Recover onDone={() => setWay("signIn")} />}
          {way === "signIn" && (
            <p className={styles.other}>
              <button type="button" className={styles.link} onClick={() => setWay("recover")}>
                {t("welcome.forgotten")}
              </button>
            </p>
          )}
          <p className={styles.other}>
            {way === "signIn" ? t("welcome.newHere") : t("welcome.haveAccount")}
            <button
              type="button"
              className={styles.link}
              onClick={() => setWay(way === "signIn" ? "register" : "signIn")}
            >
              {way === "signIn" ? t("welcome.register") : t("welcome.signIn")}
            </button>
          </p>
        </div>
        <div className={styles.languages} role="group" aria-label={t("profile.language")}>
          {(Object.entries(LANGUAGES) as [Language, string][]).map(([code, name]) => (
            <button
              key={code}
              type="button"
              lang={code}
              className={styles.language}
              aria-pressed={i18n.language === code}
              onClick={() => chooseLanguage(code)}
            >
              {name}
            </button>
          ))}
        </div>
      </div>
    </main>
  );
}

/** The sign's C, large and faint, as if seen from close by. */
function Rings() {
  return (
    <svg className={styles.rings} viewBox="0 0 600 600" aria-hidden="true" focusable="false">
      {[120, 190, 260].map((radius) => (
        <circle
          key={radius}
          cx={300}
          cy={300}
          r={radius}
          pathLength={100}
          strokeDasharray="74 26"
          transform="rotate(47 300 300)"
        />
      ))}
    </svg>
  );
}
