-- name: make_cyphr
-- Everybody, signed in with a session; numbers are ids. The direct chats of the pairs, then the group.
with person as (
    insert into public.users (id, full_name)
    select lpad(to_hex(n), 32, '0')::uuid, 'Person ' || n from generate_series(0, %(people)s - 1) n
    returning id
)
insert into public.sessions (id, user_id, expires_at) select id, id, now() + interval '1 day' from person;
insert into public.chats (id, type, name)
select lpad(to_hex(n), 32, '0')::uuid, case when n < %(pairs)s then 'direct' else 'group' end, 'Chat ' || n
from generate_series(0, %(pairs)s) n;
insert into public.chat_participants (chat_id, user_id)
select lpad(to_hex(least(n / 2, %(pairs)s)), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid
from generate_series(0, 2 * %(pairs)s + %(members)s - 1) n;
insert into public.direct_chats (lower_user_id, higher_user_id, chat_id)
select lpad(to_hex(2 * n), 32, '0')::uuid, lpad(to_hex(2 * n + 1), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid
from generate_series(0, %(pairs)s - 1) n;

-- name: empty_cyphr
-- As if nobody had ever written.
truncate public.messages cascade;
update public.chats set last_seq = 0, last_message_id = null, last_message_time = null;
update public.chat_participants set received_seq = 0, read_seq = 0, last_read_message_id = null;

-- name: make_socketio
-- What such a server needs for the same promises: members, and messages stored once each.
create table members (chat_id integer not null, user_id integer not null, primary key (chat_id, user_id));
create index members_user on members (user_id);
create table messages (
    id         bigint generated always as identity primary key,
    chat_id    integer not null,
    sender_id  integer not null,
    client_id  uuid not null,
    content    text not null,
    created_at timestamptz not null default now(),
    unique (sender_id, client_id)
);
create index messages_chat on messages (chat_id, id);
insert into members select least(n / 2, %(pairs)s), n from generate_series(0, 2 * %(pairs)s + %(members)s - 1) n;

-- name: empty_socketio
truncate messages;

-- name: fill_ejabberd
insert into users (username, password) select 'p' || n, 'secret' from generate_series(0, %(people)s - 1) n;

-- name: empty_ejabberd
truncate archive, spool;

-- name: settle
-- Rows that the last round left behind, and statistics, are alike for everybody.
vacuum analyze;
