/** Reactions: what is offered, and how a message looks with one more or one less. */

import type { Message } from "../../api/types";

export const USUAL = ["👍", "❤️", "😂", "😮", "😢", "🙏"] as const;

/** Offered after "more": enough for most answers without a table of all emoji. */
export const MORE = [
  ..."😀😄😁😅🤣😊😇🙂😉😍🥰😘😋😜🤔🤗🤫😐🙄😏😴😌😎🥳😕😟😳🥺😨😭😱😤😡🤯🤝👏🙌👌✌🤞💪👀👎🔥⭐🎉🎁🏆💯✅❌❓❗💡⏰☕🍕🌹🌞🚀".match(/\p{Emoji}/gu)!,
].map((sign) => (/\p{Emoji_Presentation}/u.test(sign) ? sign : `${sign}\ufe0f`));

export function isMine(message: Message, emoji: string, me: string): boolean {
  return message.reactions.some((one) => one.emoji === emoji && one.user_ids.includes(me));
}

/** The message as it will be once the server knows. */
export function reacted(message: Message, emoji: string, me: string, wanted: boolean): Message {
  if (isMine(message, emoji, me) === wanted) return message;
  const known = message.reactions.some((one) => one.emoji === emoji);
  const all = known ? message.reactions : [...message.reactions, { emoji, count: 0, user_ids: [] }];
  const reactions = all
    .map((one) => {
      if (one.emoji !== emoji) return one;
      const others = one.user_ids.filter((id) => id !== me);
      return wanted ? { ...one, count: one.count + 1, user_ids: [me, ...others] } : { ...one, count: one.count - 1, user_ids: others };
    })
    .filter((one) => one.count > 0);
  return { ...message, reactions };
}

/**
 * An event says the same to everybody, and names five of many: one's own reaction is not gone for not being named. Whoever
 * took theirs back on another device sees it here until the message is fetched again.
 */
export function withOwnKept(told: Message, held: Message | undefined, me: string): Message {
  const reactions = told.reactions.map((one) => {
    const named = one.user_ids.includes(me) || one.count <= one.user_ids.length;
    return named || held === undefined || !isMine(held, one.emoji, me) ? one : { ...one, user_ids: [me, ...one.user_ids.slice(0, -1)] };
  });
  return { ...told, reactions };
}
