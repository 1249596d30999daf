import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { changeGroup } from "../../api/groups";
import type { Chat } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { Avatar } from "../../ui/Avatar/Avatar";
import { Banner } from "../../ui/Banner/Banner";
import { Button } from "../../ui/Button/Button";
import { TextField } from "../../ui/TextField/TextField";
import { useMessenger, useMessengerState } from "../realtime/useMessenger";
import styles from "./ChatAbout.module.css";
import { ChatSettings } from "./ChatSettings";
import { GroupRules } from "./GroupRules";
import { Invites } from "./Invites";
import { Leaving } from "./Leaving";
import { Members } from "./Members";
import { chatAvatar, chatName, otherMember } from "./names";
import { administers, mayRename } from "./roles";

/** What a chat is, who is in it, and what one may do about both. */
export default function ChatAbout({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const { me } = useMessengerState();
  const [renaming, setRenaming] = useState(false);
  const name = chatName(chat, me);
  return (
    <div className={styles.column}>
      <div className={styles.who}>
        <Avatar name={name} url={chatAvatar(chat, me)} size={88} />
        {renaming ? (
          <Rename chat={chat} onDone={() => setRenaming(false)} />
        ) : (
          <>
            <p className={styles.name}>{name}</p>
            <p className={styles.id}>
              {otherMember(chat, me)?.cyphr_id ?? t("chat.members", { count: chat.member_count })}
            </p>
            {mayRename(chat) && (
              <Button kind="quiet" onClick={() => setRenaming(true)}>
                {t("info.rename")}
              </Button>
            )}
          </>
        )}
      </div>
      <ChatSettings chat={chat} />
      <Members chat={chat} />
      {administers(chat) && <Invites chat={chat} />}
      {administers(chat) && <GroupRules chat={chat} />}
      <Leaving chat={chat} />
    </div>
  );
}

function Rename({ chat, onDone }: { chat: Chat; onDone: () => void }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const [name, setName] = useState(chat.name ?? "");
  const rename = useMutation({
    mutationFn: () => changeGroup(chat.id, { name: name.trim() }),
    onSuccess: (told) => {
      messenger.addChat(told);
      onDone();
    },
  });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        rename.mutate();
      }}
    >
      <TextField
        label={t("newChat.groupName")}
        maxLength={100}
        required
        autoFocus
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      {rename.error !== null && <Banner kind="danger">{problemText(t, rename.error)}</Banner>}
      <div className={styles.buttons}>
        <Button kind="quiet" onClick={onDone}>
          {t("cancel")}
        </Button>
        <Button type="submit" busy={rename.isPending} disabled={name.trim() === ""}>
          {t("profile.save")}
        </Button>
      </div>
    </form>
  );
}
