/** What travels between the client and the messenger. Ids are UUIDs, times are ISO 8601 in UTC. */

export interface Person {
  id: string;
  full_name: string;
  cyphr_id: string | null;
  avatar_url: string | null;
}

export interface Me extends Person {
  email: string;
}

export interface Session {
  access_token: string;
  refresh_token: string;
  /** Seconds that the access token stays valid. */
  expires_in: number;
  person: Person;
}

export interface Member {
  user_id: string;
  full_name: string;
  cyphr_id: string | null;
  avatar_url: string | null;
  role: string;
  /** Everything up to this sequence number has reached one of the member's devices. */
  received_seq: number;
  read_seq: number;
}

export interface Message {
  id: string;
  chat_id: string;
  sender_id: string | null;
  client_id: string | null;
  seq: number;
  content: string | null;
  message_type: string;
  reply_to_id: string | null;
  created_at: string;
}

export interface Chat {
  id: string;
  type: string;
  name: string | null;
  avatar_url: string | null;
  members: Member[];
  last_seq: number;
  last_message: Message | null;
  created_at: string;
}

export interface Page {
  messages: Message[];
  more: boolean;
}

export type Side = "supabase" | "aws";

export interface ServicePlace {
  service: string;
  side: Side;
  epoch: number;
  changed_at: string;
}

export interface Switchboard {
  services: ServicePlace[];
}
