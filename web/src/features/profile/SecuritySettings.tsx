import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { QRCodeSVG } from "qrcode.react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../../api/problem";
import {
  addPasskey,
  beginAuthenticator,
  confirmAuthenticator,
  knowsPasskeys,
  readFactors,
  removeFactor,
  renewRecoveryCodes,
  stepUp,
  stepUpWithPasskey,
} from "../../api/security";
import type { Enrolment, OwnFactors } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { Banner } from "../../ui/Banner/Banner";
import { Button } from "../../ui/Button/Button";
import { TextField } from "../../ui/TextField/TextField";
import { useMessenger } from "../realtime/useMessenger";
import styles from "./Profile.module.css";

type Act = () => Promise<void>;

/** Second factors: what there is, adding and removing. What weakens the account asks for a proof first, then goes on. */
export function SecuritySettings() {
  const { t } = useTranslation();
  const me = useMessenger().current().me;
  const client = useQueryClient();
  const factors = useQuery({ queryKey: ["factors", me], queryFn: readFactors });
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [waiting, setWaiting] = useState<Act | null>(null);
  const run = useMutation({
    mutationFn: (act: Act) => act(),
    onError: (error, act) => {
      if (error instanceof Problem && error.code === "step_up_required") setWaiting(() => act);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["factors"] }),
  });
  const goOn = () => {
    const act = waiting;
    setWaiting(null);
    if (act !== null) run.mutate(act);
  };
  const held = factors.data;
  const error = run.error instanceof Problem && run.error.code === "step_up_required" ? null : run.error;
  return (
    <section className={`${styles.card} ${styles.settings}`}>
      <h2 className={styles.heading}>{t("security.title")}</h2>
      <p className={styles.secondary}>{t("security.hint")}</p>
      <ul className={styles.list} aria-label={t("security.title")}>
        {(held?.factors ?? []).map((one) => (
          <li key={one.id} className={styles.entry}>
            <div>
              <p>{one.name}</p>
              <p className={styles.secondary}>{t(`security.${one.kind}`)}</p>
            </div>
            <Button kind="quiet" onClick={() => run.mutate(() => removeFactor(one.id))}>
              {t("security.remove")}
            </Button>
          </li>
        ))}
      </ul>
      {error !== null && <Banner kind="danger">{problemText(t, error)}</Banner>}
      {codes !== null && <Codes codes={codes} onDone={() => setCodes(null)} />}
      {waiting !== null && held !== undefined && <Proof held={held} onProven={goOn} onLeave={() => setWaiting(null)} />}
      {enrolment !== null ? (
        <Authenticator
          enrolment={enrolment}
          onAdded={(made) => {
            setEnrolment(null);
            setCodes(made);
            void client.invalidateQueries({ queryKey: ["factors"] });
          }}
          onLeave={() => setEnrolment(null)}
        />
      ) : (
        <>
          <Button
            kind="quiet"
            onClick={() => run.mutate(async () => setEnrolment(await beginAuthenticator(t("security.totp"))))}
          >
            {t("security.addTotp")}
          </Button>
          {knowsPasskeys() && (
            <Button
              kind="quiet"
              onClick={() => run.mutate(async () => setCodes((await addPasskey(t("security.passkey"))).recovery_codes))}
            >
              {t("security.addPasskey")}
            </Button>
          )}
        </>
      )}
      {held !== undefined && held.factors.length > 0 && (
        <Button kind="quiet" onClick={() => run.mutate(async () => setCodes((await renewRecoveryCodes()).recovery_codes))}>
          {t("security.renewCodes", { count: held.recovery_codes })}
        </Button>
      )}
    </section>
  );
}

/** What an authenticator reads, and its first code. */
function Authenticator(props: { enrolment: Enrolment; onAdded: (codes: string[] | null) => void; onLeave: () => void }) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: () => confirmAuthenticator(props.enrolment.id, code),
    onSuccess: (added) => props.onAdded(added.recovery_codes),
  });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      <p className={styles.secondary}>{t("security.scan")}</p>
      <span className={styles.qr}>
        <QRCodeSVG value={props.enrolment.uri} size={176} marginSize={2} title={t("security.qr")} />
      </span>
      <a className={styles.secret} href={props.enrolment.uri}>
        <code>{props.enrolment.secret}</code>
      </a>
      <TextField
        label={t("security.firstCode")}
        inputMode="numeric"
        autoComplete="one-time-code"
        pattern="\s*[0-9]{6}\s*"
        required
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
      {confirm.error !== null && <Banner kind="danger">{t("problem.secondFactor")}</Banner>}
      <Button type="submit" busy={confirm.isPending}>
        {t("security.confirm")}
      </Button>
      <Button kind="quiet" onClick={props.onLeave}>
        {t("cancel")}
      </Button>
    </form>
  );
}

function Codes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={styles.form}>
      <Banner kind="info">{t("security.codesHint")}</Banner>
      <ol className={styles.codes} aria-label={t("security.codes")}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <Button onClick={onDone}>{t("security.codesKept")}</Button>
    </div>
  );
}

/** Asked before something that weakens the account. */
function Proof({ held, onProven, onLeave }: { held: OwnFactors; onProven: () => void; onLeave: () => void }) {
  const { t } = useTranslation();
  const [proof, setProof] = useState("");
  const withPin = held.factors.length === 0;
  const prove = useMutation({ mutationFn: () => stepUp(proof, withPin), onSuccess: onProven });
  const passkey = useMutation({ mutationFn: stepUpWithPasskey, onSuccess: onProven });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        prove.mutate();
      }}
    >
      <TextField
        label={withPin ? t("security.provePin") : t("welcome.secondCode")}
        hint={withPin ? undefined : t("welcome.secondHint")}
        type={withPin ? "password" : "text"}
        autoComplete={withPin ? "current-password" : "one-time-code"}
        required
        autoFocus
        value={proof}
        onChange={(event) => setProof(event.target.value)}
      />
      {prove.error !== null && <Banner kind="danger">{t("problem.secondFactor")}</Banner>}
      <Button type="submit" busy={prove.isPending}>
        {t("security.prove")}
      </Button>
      {knowsPasskeys() && held.factors.some((one) => one.kind === "passkey") && (
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
