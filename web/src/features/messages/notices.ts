/** What a notice says: who did what to the chat. Its content is a small JSON text, of whose events new ones may come. */

import type { TFunction } from "i18next";
import type { Message } from "../../api/types";

interface Content {
  event?: string;
  user_ids?: string[];
  role?: string;
  changes?: { name?: string; avatar_url?: string | null; disappear_after?: number | null };
}

export function noticeText(
  t: TFunction,
  message: Pick<Message, "content" | "sender_id">,
  names: Readonly<Record<string, string>>,
  me: string,
): string {
  const nameOf = (id: string) => (id === me ? t("notice.you") : (names[id] ?? t("notice.someone")));
  const content = parse(message.content);
  const who = nameOf(message.sender_id);
  const whom = (content.user_ids ?? []).map(nameOf).join(", ");
  switch (content.event) {
    case "member_added":
      return t("notice.added", { who, whom });
    case "member_joined":
      return t("notice.joined", { who });
    case "member_left":
      return t("notice.left", { who });
    case "member_removed":
      return t("notice.removed", { who, whom });
    case "member_banned":
      return t("notice.banned", { who, whom });
    case "ban_lifted":
      return t("notice.banLifted", { who, whom });
    case "role_changed":
      if (content.role === "owner") return t("notice.owner", { who, whom });
      return content.role === "admin" ? t("notice.admin", { who, whom }) : t("notice.member", { who, whom });
    case "chat_changed":
      if (content.changes?.name !== undefined) return t("notice.renamed", { who, name: content.changes.name });
      if (content.changes?.disappear_after === null) return t("notice.staying", { who });
      if (content.changes?.disappear_after !== undefined)
        return t("notice.disappearing", { who, count: Math.round(content.changes.disappear_after / 86_400) });
      return content.changes?.avatar_url === undefined ? t("notice.rules", { who }) : t("notice.picture", { who });
    default:
      return t("notice.other", { who });
  }
}

function parse(content: string | null): Content {
  try {
    const parsed: unknown = JSON.parse(content ?? "");
    return typeof parsed === "object" && parsed !== null ? (parsed as Content) : {};
  } catch {
    return {};
  }
}
