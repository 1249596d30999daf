import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { deleteMessage } from "../../api/messages";
import type { Chat, Message } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { go } from "../../lib/route";
import { Avatar } from "../../ui/Avatar/Avatar";
import { Banner } from "../../ui/Banner/Banner";
import { Button } from "../../ui/Button/Button";
import { Dialog } from "../../ui/Dialog/Dialog";
import { TextField } from "../../ui/TextField/TextField";
import { chatAvatar, chatName } from "../chats/names";
import { chatsByActivity } from "../realtime/state";
import { useMessenger, useMessengerState } from "../realtime/useMessenger";
import styles from "./MessageDialog.module.css";
import { isMine, MORE, USUAL } from "./reactions";
import { mayDeleteForAll } from "./rights";
import { useReacting } from "./useReacting";

interface Props {
  kind: "forward" | "delete" | "reactions";
  message: Message;
  chat: Chat;
  onClose: () => void;
}

/** What is asked before something is done with a message. */
export default function MessageDialog({ kind, message, chat, onClose }: Props) {
  const { t } = useTranslation();
  const title = { forward: "message.forwardTo", delete: "message.deleteAsk", reactions: "message.react" } as const;
  return (
    <Dialog open title={t(title[kind])} closeLabel={t("close")} onClose={onClose}>
      {kind === "delete" && <Delete message={message} chat={chat} onClose={onClose} />}
      {kind === "forward" && <Forward message={message} onClose={onClose} />}
      {kind === "reactions" && <MoreReactions message={message} onClose={onClose} />}
    </Dialog>
  );
}

function Delete({ message, chat, onClose }: Omit<Props, "kind">) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const remove = useMutation({
    mutationFn: (whom: "me" | "all") => deleteMessage(message, whom),
    onSuccess: (_, whom) => {
      // For all: the change says so to this device as to every other.
      if (whom === "me") messenger.hideMessage(message.chat_id, message.id);
      onClose();
    },
  });
  return (
    <div className={styles.column}>
      <p className={styles.excerpt}>{message.content}</p>
      {remove.error !== null && <Banner kind="danger">{problemText(t, remove.error)}</Banner>}
      {mayDeleteForAll(message, chat, messenger.current().me) && (
        <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate("all")}>
          {t("message.deleteForAll")}
        </Button>
      )}
      <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate("me")}>
        {t("message.deleteForMe")}
      </Button>
      <Button kind="quiet" onClick={onClose}>
        {t("cancel")}
      </Button>
    </div>
  );
}

function Forward({ message, onClose }: Pick<Props, "message" | "onClose">) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const state = useMessengerState();
  const [words, setWords] = useState("");
  const wanted = words.trim().toLocaleLowerCase();
  const chats = chatsByActivity(state).filter((chat) => chatName(chat, state.me).toLocaleLowerCase().includes(wanted));
  const forward = (chat: Chat) => {
    messenger.sendMessage(chat.id, {
      content: message.content ?? "",
      formatting: message.formatting,
      mentions: [],
      reply_to_id: null,
      forward: { of: message.id, sender_name: message.forwarded?.sender_name ?? state.names[message.sender_id] ?? null },
    });
    onClose();
    go(`chats/${chat.id}`);
  };
  return (
    <div className={styles.column}>
      <TextField label={t("search.chats")} value={words} onChange={(event) => setWords(event.target.value)} />
      <ul className={styles.chats} aria-label={t("message.forwardTo")}>
        {chats.map((chat) => (
          <li key={chat.id}>
            <button type="button" className={styles.chat} onClick={() => forward(chat)}>
              <Avatar name={chatName(chat, state.me)} url={chatAvatar(chat, state.me)} size={36} />
              <span>{chatName(chat, state.me)}</span>
            </button>
          </li>
        ))}
      </ul>
      {chats.length === 0 && <p className={styles.none}>{t("search.nothing")}</p>}
    </div>
  );
}

function MoreReactions({ message, onClose }: Pick<Props, "message" | "onClose">) {
  const { t } = useTranslation();
  const { me } = useMessengerState();
  const react = useReacting();
  return (
    <ul className={styles.emoji}>
      {[...USUAL, ...MORE].map((emoji) => (
        <li key={emoji}>
          <button
            type="button"
            aria-label={t("message.reactWith", { emoji })}
            aria-pressed={isMine(message, emoji, me)}
            onClick={() => {
              react(message, emoji);
              onClose();
            }}
          >
            {emoji}
          </button>
        </li>
      ))}
    </ul>
  );
}
