import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { listBans, setBan } from "../../api/groups";
import type { Chat } from "../../api/types";
import { Avatar } from "../../ui/Avatar/Avatar";
import { Button } from "../../ui/Button/Button";
import styles from "./ChatAbout.module.css";

/** Who may not come back, for those who may change that. Nothing when there is nobody. */
export function Bans({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  // A ban, or its end, is a notice of the chat.
  const bans = useQuery({ queryKey: ["bans", chat.id, chat.last_seq], queryFn: () => listBans(chat.id), placeholderData: (before) => before });
  const lift = useMutation({ mutationFn: (userId: string) => setBan(chat.id, userId, false), onSuccess: () => bans.refetch() });
  if (bans.data === undefined || bans.data.length === 0) return null;
  return (
    <>
      <h3 className={styles.title}>{t("info.bans")}</h3>
      <ul aria-label={t("info.bans")}>
        {bans.data.map(({ person }) => (
          <li key={person.id} className={styles.member}>
            <Avatar name={person.full_name} url={person.avatar_url ?? null} size={36} />
            <span className={styles.memberName}>{person.full_name}</span>
            <Button kind="quiet" busy={lift.isPending} onClick={() => lift.mutate(person.id)}>
              {t("info.liftBan")}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}
