import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createInvite, listInvites, revokeInvite } from "../../api/groups";
import type { Chat } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { Banner } from "../../ui/Banner/Banner";
import { IconButton } from "../../ui/IconButton/IconButton";
import styles from "./ChatAbout.module.css";

const addressOf = (token: string): string => `${window.location.origin}${window.location.pathname}#/join/${token}`;

/** The links by which one may join the group, for those who administer it. */
export function Invites({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState<string | null>(null);
  const invites = useQuery({ queryKey: ["invites", chat.id], queryFn: () => listInvites(chat.id) });
  const again = { onSuccess: () => invites.refetch() };
  const create = useMutation({ mutationFn: () => createInvite(chat.id), ...again });
  const revoke = useMutation({ mutationFn: (id: string) => revokeInvite(chat.id, id), ...again });
  const error = create.error ?? revoke.error;
  const live = (invites.data ?? []).filter((invite) => invite.revoked_at === null);
  const { clipboard } = navigator as Partial<Navigator>;
  const copy = async (token: string) => {
    await clipboard?.writeText(addressOf(token));
    setCopied(token);
  };
  return (
    <section className={styles.section}>
      <h3 className={styles.title}>
        {t("info.links")}
        <IconButton icon="add" label={t("info.newLink")} disabled={create.isPending} onClick={() => create.mutate()} />
      </h3>
      {live.length === 0 && <p className={styles.note}>{t("info.noLinks")}</p>}
      <ul aria-label={t("info.links")}>
        {live.map((invite) => (
          <li key={invite.id} className={styles.link}>
            <span className={styles.memberText}>
              <span className={styles.address}>{addressOf(invite.token)}</span>
              <span className={styles.note} role="status">
                {copied === invite.token ? t("info.copied") : t("info.uses", { count: invite.uses })}
              </span>
            </span>
            {clipboard !== undefined && <IconButton icon="copy" label={t("info.copyLink")} onClick={() => void copy(invite.token)} />}
            <IconButton icon="trash" label={t("info.revoke")} onClick={() => revoke.mutate(invite.id)} />
          </li>
        ))}
      </ul>
      {error !== null && <Banner kind="danger">{problemText(t, error)}</Banner>}
    </section>
  );
}
