import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { deleteChat, listBlocked, removeMember, setBlocked } from "../../api/groups";
import type { Chat } from "../../api/types";
import { go } from "../../lib/route";
import { Button } from "../../ui/Button/Button";
import { Confirm } from "../../ui/Dialog/Confirm";
import { useMessenger, useMessengerState } from "../realtime/useMessenger";
import styles from "./ChatAbout.module.css";
import { chatName, otherMember } from "./names";

/** The ways out: leave a group; block somebody, or delete the chat with them. */
export function Leaving({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const { me } = useMessengerState();
  const [asking, setAsking] = useState(false);
  const other = otherMember(chat, me);
  const group = chat.type === "group";
  const leave = async () => {
    await (group ? removeMember(chat.id, me) : deleteChat(chat.id));
    go("chats");
    messenger.removeChat(chat.id);
  };
  const action = group ? t("info.leave") : t("info.deleteChat");
  return (
    <div className={styles.leaving}>
      {other !== undefined && <Block userId={other.user_id} />}
      <Button kind="danger" onClick={() => setAsking(true)}>
        {action}
      </Button>
      {asking && (
        <Confirm
          title={action}
          text={group ? t("info.leaveAsk", { name: chatName(chat, me) }) : t("info.deleteChatAsk")}
          action={action}
          onConfirm={leave}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}

function Block({ userId }: { userId: string }) {
  const { t } = useTranslation();
  const blocked = useQuery({ queryKey: ["blocked"], queryFn: listBlocked });
  const isBlocked = blocked.data?.some((person) => person.id === userId) ?? false;
  const set = useMutation({ mutationFn: () => setBlocked(userId, !isBlocked), onSuccess: () => blocked.refetch() });
  return (
    <>
      {isBlocked && <p className={styles.note}>{t("info.blockedNote")}</p>}
      <Button kind="danger" busy={set.isPending} disabled={blocked.data === undefined} onClick={() => set.mutate()}>
        {t(isBlocked ? "info.unblock" : "info.block")}
      </Button>
    </>
  );
}
