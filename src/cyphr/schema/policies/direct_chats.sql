-- Pairs are kept by private.open_direct_chat only.

alter table public.direct_chats enable row level security;
revoke all on public.direct_chats from anon, authenticated;
grant all on public.direct_chats to service_role;
