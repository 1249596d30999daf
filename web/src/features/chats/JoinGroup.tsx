import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { joinByInvite, previewInvite } from "../../api/groups";
import { Problem } from "../../api/problem";
import { problemText } from "../../lib/i18n/problemText";
import { go } from "../../lib/route";
import { Avatar } from "../../ui/Avatar/Avatar";
import { Banner } from "../../ui/Banner/Banner";
import { Button } from "../../ui/Button/Button";
import { Spinner } from "../../ui/Spinner/Spinner";
import { useMessenger } from "../realtime/useMessenger";
import styles from "./JoinGroup.module.css";

/** Where a link leads: the group that it is for, before one joins. */
export default function JoinGroup({ token }: { token: string }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const preview = useQuery({ queryKey: ["invite", token], queryFn: () => previewInvite(token), retry: false });
  const join = useMutation({
    mutationFn: () => joinByInvite(token),
    onSuccess: (chat) => {
      messenger.addChat(chat);
      go(`chats/${chat.id}`);
    },
  });
  const group = preview.data;
  const error = preview.error ?? join.error;
  const name = group?.name ?? t("join.group");
  return (
    <section className={styles.page} aria-label={t("join.title")}>
      <div className={styles.card}>
        {group === undefined ? (
          error === null && <Spinner size={24} />
        ) : (
          <>
            <Avatar name={name} url={group.avatar_url ?? null} size={88} />
            <h1 className={styles.name}>{name}</h1>
            <p className={styles.count}>{t("chat.members", { count: group.member_count })}</p>
            {group.chat_id === null ? (
              <Button busy={join.isPending} onClick={() => join.mutate()}>
                {t("join.join")}
              </Button>
            ) : (
              <Button onClick={() => go(`chats/${group.chat_id}`)}>{t("join.open")}</Button>
            )}
          </>
        )}
        {error !== null && (
          <Banner kind="danger">
            {error instanceof Problem && error.status === 404 ? t("join.dead") : problemText(t, error)}
          </Banner>
        )}
        <Button kind="quiet" onClick={() => go("chats")}>
          {t("chat.back")}
        </Button>
      </div>
    </section>
  );
}
