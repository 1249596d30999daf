import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { searchMembers } from "../../api/groups";
import { editMessage } from "../../api/messages";
import type { Chat, Member, Message } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { Banner } from "../../ui/Banner/Banner";
import { Icon, type IconName } from "../../ui/Icon/Icon";
import { IconButton } from "../../ui/IconButton/IconButton";
import { useMessenger, useMessengerState } from "../realtime/useMessenger";
import { Composer } from "./Composer";
import styles from "./Composer.module.css";
import { parseMarkup, writeMarkup } from "./markup";
import { membersLike, mentionedIn } from "./mentions";
import { plain } from "./outbox";
import { QuoteLines, useQuoted } from "./Quote";
import { mayEdit } from "./rights";

interface Props {
  chat: Chat;
  editing: Message | null;
  onEdit: (message: Message | null) => void;
}

/** Where one writes: a new message, an answer, or another text for a message that is there. */
export function Writing({ chat, editing, onEdit }: Props) {
  const { t } = useTranslation();
  const { me } = useMessengerState();
  if (chat.who_may_send === "admin" && chat.mine?.role === "member") return <p className={styles.closed}>{t("chat.adminsOnly")}</p>;
  if (editing !== null) return <Editing key={editing.id} chat={chat} message={editing} onDone={() => onEdit(null)} />;
  return <NewMessage key={chat.id} chat={chat} me={me} onEdit={onEdit} />;
}

function NewMessage({ chat, me, onEdit }: { chat: Chat; me: string; onEdit: Props["onEdit"] }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const state = useMessengerState();
  const draft = messenger.drafts.of(chat.id);
  const replyTo = draft.reply_to_id;
  const focus = useRef<() => void>(null);
  const shown = useRef(replyTo);
  useEffect(() => {
    if (replyTo !== null && replyTo !== shown.current) focus.current?.();
    shown.current = replyTo;
  }, [replyTo]);

  const send = (text: string) => {
    const { content, formatting } = parseMarkup(text);
    const mentions = mentionedIn(content, chat.type === "direct" ? [] : chat.members).filter((id) => id !== me);
    messenger.sendMessage(chat.id, { ...plain(content), formatting, mentions, reply_to_id: replyTo });
    messenger.drafts.write(chat.id, "", null);
  };
  const answerNothing = () => messenger.drafts.write(chat.id, messenger.drafts.of(chat.id).content, null);
  return (
    <Composer
      key={draft.revision}
      focus={focus}
      initial={draft.content}
      members={membersOf(chat, me)}
      sendLabel={t("chat.send")}
      onText={(text) => {
        messenger.drafts.write(chat.id, text, replyTo);
        if (text !== "") messenger.typed(chat.id);
      }}
      onSend={send}
      onEscape={replyTo === null ? undefined : answerNothing}
      onUp={() => {
        const own = state.histories[chat.id]?.messages.findLast((message) => mayEdit(message, me, Date.now()));
        if (own !== undefined) onEdit(own);
      }}
    >
      {replyTo !== null && (
        <Above icon="reply" cancel={t("message.replyCancel")} onCancel={answerNothing}>
          <Answered chatId={chat.id} messageId={replyTo} />
        </Above>
      )}
    </Composer>
  );
}

function Editing({ chat, message, onDone }: { chat: Chat; message: Message; onDone: () => void }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const { me } = useMessengerState();
  const save = useMutation({
    mutationFn: (text: string) => {
      const mentions = mentionedIn(text, chat.type === "direct" ? [] : chat.members).filter((id) => id !== me);
      return editMessage(message, { ...parseMarkup(text), mentions });
    },
    onSuccess: (told) => {
      messenger.showMessage(told);
      onDone();
    },
  });
  const text = save.variables ?? writeMarkup({ content: message.content ?? "", formatting: message.formatting });
  return (
    <Composer
      key={save.failureReason === null ? "first" : "again"}
      focused
      initial={text}
      members={membersOf(chat, me)}
      sendLabel={t("message.save")}
      sendIcon="check"
      onSend={(next) => save.mutate(next)}
      onEscape={onDone}
    >
      <Above icon="edit" cancel={t("message.editCancel")} onCancel={onDone}>
        <span className={styles.aboveTitle}>{t("message.editing")}</span>
        <span>{message.content}</span>
      </Above>
      {save.error !== null && (
        <div className={styles.failed}>
          <Banner kind="danger">{problemText(t, save.error)}</Banner>
        </div>
      )}
    </Composer>
  );
}

function Above({ icon, cancel, onCancel, children }: { icon: IconName; cancel: string; onCancel: () => void; children: ReactNode }) {
  return (
    <div className={styles.above}>
      <Icon name={icon} size={18} />
      <span className={styles.aboveText}>{children}</span>
      <IconButton icon="close" label={cancel} onClick={onCancel} />
    </div>
  );
}

function Answered({ chatId, messageId }: { chatId: string; messageId: string }) {
  const { t } = useTranslation();
  const message = useQuoted(chatId, messageId);
  if (message == null) return <span>{message === null && t("chat.deleted")}</span>;
  return <QuoteLines message={message} />;
}

/** Whom an @ may call: those at hand, and in a large group those that the server finds. */
function membersOf(chat: Chat, me: string): ((query: string) => Promise<readonly Member[]>) | undefined {
  if (chat.type === "direct") return undefined;
  return async (query) => {
    const known = membersLike(chat.members, query).filter((member) => member.user_id !== me);
    if (known.length > 0 || chat.member_count <= chat.members.length || query === "") return known;
    return searchMembers(chat.id, query).then(
      ({ members }) => members.filter((member) => member.user_id !== me),
      () => known,
    );
  };
}
