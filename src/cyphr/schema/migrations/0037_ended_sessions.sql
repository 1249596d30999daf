-- Servers look for sessions that were ended lately, whoever ended them, to close their WebSockets.

create index if not exists sessions_revoked on public.sessions (revoked_at) where revoked_at is not null;
