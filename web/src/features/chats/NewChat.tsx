import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createDirectChat, createGroup } from "../../api/client";
import type { Person } from "../../api/types";
import { problemText } from "../../lib/i18n/problemText";
import { go } from "../../lib/route";
import { Avatar } from "../../ui/Avatar/Avatar";
import { Banner } from "../../ui/Banner/Banner";
import { Button } from "../../ui/Button/Button";
import { Dialog } from "../../ui/Dialog/Dialog";
import { IconButton } from "../../ui/IconButton/IconButton";
import { TextField } from "../../ui/TextField/TextField";
import { useMessenger } from "../realtime/useMessenger";
import { IdField, lookUp } from "./IdField";
import styles from "./NewChat.module.css";

type Kind = "direct" | "group";

/** A chat with one person or a group; people are found by their @cyphr_id. */
export default function NewChat({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog open title={t("newChat.title")} closeLabel={t("close")} onClose={onClose}>
      <Choice onClose={onClose} />
    </Dialog>
  );
}

function Choice({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Kind>("direct");
  return (
    <>
      <div className={styles.kinds} role="group" aria-label={t("newChat.kind")}>
        {(["direct", "group"] as const).map((one) => (
          <button key={one} type="button" aria-pressed={kind === one} onClick={() => setKind(one)}>
            {t(`newChat.${one}`)}
          </button>
        ))}
      </div>
      {kind === "direct" ? <Direct onClose={onClose} /> : <Group onClose={onClose} />}
    </>
  );
}

function Direct({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const [id, setId] = useState("");
  const start = useMutation({
    mutationFn: async () => createDirectChat((await lookUp(id, messenger.current().me)).id),
    onSuccess: (chat) => {
      messenger.addChat(chat);
      onClose();
      go(`chats/${chat.id}`);
    },
  });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      <IdField id={id} onId={setId} error={start.error} />
      <Button type="submit" busy={start.isPending}>
        {t("newChat.start")}
      </Button>
    </form>
  );
}

function Group({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const [name, setName] = useState("");
  const [id, setId] = useState("");
  const [people, setPeople] = useState<Person[]>([]);
  const add = useMutation({
    mutationFn: () => lookUp(id, messenger.current().me),
    onSuccess: (person) => {
      setPeople((before) => [...before.filter((one) => one.id !== person.id), person]);
      setId("");
    },
  });
  const create = useMutation({
    mutationFn: () => createGroup(name.trim(), people.map((person) => person.id)),
    onSuccess: (chat) => {
      messenger.addChat(chat);
      onClose();
      go(`chats/${chat.id}`);
    },
  });
  return (
    <div className={styles.form}>
      <TextField
        label={t("newChat.groupName")}
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <form
        className={styles.add}
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <IdField id={id} onId={setId} error={add.error} />
        <Button type="submit" kind="quiet" busy={add.isPending}>
          {t("newChat.add")}
        </Button>
      </form>
      {people.length > 0 && (
        <ul className={styles.people} aria-label={t("newChat.members")}>
          {people.map((person) => (
            <li key={person.id}>
              <Avatar name={person.full_name} url={person.avatar_url} size={32} />
              <span>{person.full_name}</span>
              <IconButton
                icon="close"
                label={t("newChat.remove", { name: person.full_name })}
                onClick={() => setPeople(people.filter((one) => one.id !== person.id))}
              />
            </li>
          ))}
        </ul>
      )}
      {create.error !== null && <Banner kind="danger">{problemText(t, create.error)}</Banner>}
      <Button
        busy={create.isPending}
        disabled={name.trim() === "" || people.length === 0}
        onClick={() => create.mutate()}
      >
        {t("newChat.create")}
      </Button>
    </div>
  );
}
