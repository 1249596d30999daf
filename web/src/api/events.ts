/** The frames of the WebSocket `/v1/ws` (the envelope is `{v, t, id, chat, d}`; events add `seq`, `ts`, `from`). */

import type { Chat, Draft, Message } from "./types";

export type ServerEvent =
  | { t: "msg"; chat: string; d: { message: Message } }
  | { t: "change"; chat: string; change: number; d: { message: Message | null } }
  | { t: "hidden"; chat: string; seq: number; d: { message_id: string } }
  | { t: "draft"; chat: string; d: { draft: Draft | null } }
  | { t: "ack"; id: string; chat?: string; d: { message_id?: string; seq?: number; ts?: string } }
  | { t: "receipt"; chat: string; d: { user_id: string; received_seq: number; read_seq: number } }
  | { t: "typing"; chat: string; d: { user_id: string } }
  | { t: "chat"; chat: string; d: { chat: Chat } }
  | { t: "resume.done"; d: { heads: Record<string, number>; user_id: string } }
  | { t: "error"; id?: string; d: { code: string; message: string; retryable: boolean } }
  | { t: "slow"; d: { retry_ms: number } }
  | { t: "pong" };

export type ClientFrame =
  | { t: "hello"; d: { token: string; heads: Record<string, number> } }
  | { t: "msg.send"; id: string; chat: string; d: { content: string; reply_to_id?: string } }
  | { t: "recv" | "read"; chat: string; d: { seq: number } }
  | { t: "typing"; chat: string; d: Record<string, never> }
  | { t: "ping"; d: Record<string, never> };

/** Close code of a socket whose token was refused. */
export const NOT_AUTHENTICATED = 4401;
