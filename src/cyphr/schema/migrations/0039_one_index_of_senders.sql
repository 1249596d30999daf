-- messages_sender_client begins with the sender as well: one index less to write for each message.

drop index if exists public.messages_sender;
