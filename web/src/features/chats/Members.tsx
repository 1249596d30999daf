import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { addMembers, listMembers, removeMember, setBan, setRole } from "../../api/groups";
import type { Chat, Member } from "../../api/types";
import { Avatar } from "../../ui/Avatar/Avatar";
import { Banner } from "../../ui/Banner/Banner";
import { Button } from "../../ui/Button/Button";
import { Confirm } from "../../ui/Dialog/Confirm";
import { IconButton } from "../../ui/IconButton/IconButton";
import { below, type MenuPlace } from "../../ui/Menu/gesture";
import { useMessenger, useMessengerState } from "../realtime/useMessenger";
import { Bans } from "./Bans";
import styles from "./ChatAbout.module.css";
import { IdField, lookUp } from "./IdField";
import { administers, deedTitle, mayAdd, mayRemove, type MemberDeed, rankOf, rolesFor } from "./roles";

const MemberMenu = lazy(() => import("./MemberMenu"));

/** Who is in the chat, by role, and how far each has come. */
export function Members({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const { me } = useMessengerState();
  const messenger = useMessenger();
  const [adding, setAdding] = useState(false);
  const [menu, setMenu] = useState<{ member: Member; place: MenuPlace } | null>(null);
  const [asked, setAsked] = useState<{ member: Member; deed: MemberDeed } | null>(null);
  const rest = useRest(chat);
  const members = [...chat.members, ...rest.members].sort((one, other) => rankOf(other.role) - rankOf(one.role));
  const act = async (member: Member, deed: MemberDeed) => {
    if (deed.kind === "role") await setRole(chat.id, member.user_id, deed.role);
    else if (deed.kind === "ban") await setBan(chat.id, member.user_id, true);
    else await removeMember(chat.id, member.user_id);
    messenger.refreshChat(chat.id);
  };
  return (
    <section className={styles.section}>
      <h3 className={styles.title}>
        {t("info.members")}
        {mayAdd(chat) && <IconButton icon="add" label={t("info.add")} aria-expanded={adding} onClick={() => setAdding(!adding)} />}
      </h3>
      {adding && <Add chat={chat} />}
      <ul aria-label={t("info.members")}>
        {members.map((member) => (
          <li key={member.user_id} className={styles.member}>
            <Avatar name={member.full_name} url={member.avatar_url} size={36} />
            <span className={styles.memberText}>
              <span className={styles.memberName}>
                {member.full_name}
                {member.user_id === me && <span className={styles.you}> · {t("info.you")}</span>}
              </span>
              <span className={styles.progress}>
                <Progress member={member} chat={chat} me={me} />
              </span>
            </span>
            {member.user_id !== me && (mayRemove(chat, member) || rolesFor(chat, member).length > 0) && (
              <IconButton
                icon="more"
                label={t("info.memberMenu", { name: member.full_name })}
                aria-haspopup="menu"
                onClick={(event) => setMenu({ member, place: below(event.currentTarget) })}
              />
            )}
          </li>
        ))}
      </ul>
      {rest.more && (
        <Button kind="quiet" busy={rest.busy} onClick={rest.fetch}>
          {t("info.more")}
        </Button>
      )}
      {administers(chat) && <Bans chat={chat} />}
      {menu !== null && (
        <Suspense>
          <MemberMenu {...menu} chat={chat} onClose={() => setMenu(null)} onDeed={(member, deed) => setAsked({ member, deed })} />
        </Suspense>
      )}
      {asked !== null && (
        <Confirm
          title={deedTitle(t, asked.deed)}
          text={asked.member.full_name}
          action={deedTitle(t, asked.deed)}
          onConfirm={() => act(asked.member, asked.deed)}
          onClose={() => setAsked(null)}
        />
      )}
    </section>
  );
}

/** Those whom the chat itself does not list. */
function useRest(chat: Chat) {
  const many = chat.member_count > chat.members.length;
  const query = useInfiniteQuery({
    queryKey: ["members", chat.id, chat.member_count],
    queryFn: ({ pageParam }) => listMembers(chat.id, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled: many,
  });
  const listed = new Set(chat.members.map((member) => member.user_id));
  const all = many ? (query.data?.pages.flatMap((page) => page.members) ?? []) : [];
  return {
    members: all.filter((member) => !listed.has(member.user_id)),
    more: many && query.hasNextPage,
    busy: query.isFetchingNextPage,
    fetch: () => void query.fetchNextPage(),
  };
}

function Add({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const messenger = useMessenger();
  const [id, setId] = useState("");
  const add = useMutation({
    mutationFn: async () => addMembers(chat.id, [(await lookUp(id, messenger.current().me)).id]),
    onSuccess: ({ refused }) => {
      if (refused.length === 0) setId("");
      messenger.refreshChat(chat.id);
    },
  });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <IdField id={id} onId={setId} error={add.error} />
      {add.data !== undefined && add.data.refused.length > 0 && <Banner kind="warn">{t("info.refused")}</Banner>}
      <Button type="submit" busy={add.isPending}>
        {t("newChat.add")}
      </Button>
    </form>
  );
}

function Progress({ member, chat, me }: { member: Member; chat: Chat; me: string }) {
  const { t } = useTranslation();
  const role = member.role === "admin" || member.role === "owner" ? `${t(`info.${member.role}`)} · ` : "";
  if (member.user_id === me) return role === "" ? member.cyphr_id : role + (member.cyphr_id ?? "");
  if (member.read_seq >= chat.last_seq) return role + t("info.read");
  if (member.received_seq >= chat.last_seq) return role + t("info.received");
  return role + t("info.behind", { count: chat.last_seq - member.received_seq });
}
