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

insert into public.messages (id, chat_id, sender_id, client_id, content, seq, created_at)
select gen_random_uuid(), lpad(to_hex(pair), 32, '0')::uuid, lpad(to_hex(2 * pair + place %% 2), 32, '0')::uuid,
       gen_random_uuid(), repeat(md5(place::text), 2), place, now() - interval '1 day' + place * interval '1 second'
from generate_series(1, %(history)s) place, generate_series(0, %(pairs)s - 1) pair;

-- name: empty_cyphr
-- As it was before the last round.
delete from public.messages where seq > %(history)s or chat_id = lpad(to_hex(%(pairs)s::int), 32, '0')::uuid;
update public.chats
set last_seq = case when type = 'direct' then %(history)s else 0 end, last_message_id = null, last_message_time = null;
update public.chat_participants member
set received_seq = chat.last_seq, read_seq = chat.last_seq, last_read_message_id = null
from public.chats chat where chat.id = member.chat_id;

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
insert into members
select least(n / 2, %(pairs)s), n
from generate_series(0, 2 * %(pairs)s + %(members)s - 1) n;
insert into messages (chat_id, sender_id, client_id, content)
select pair, 2 * pair + place %% 2, gen_random_uuid(), repeat(md5(place::text), 2)
from generate_series(1, %(history)s) place, generate_series(0, %(pairs)s - 1) pair;

-- name: empty_socketio
delete from messages where id > %(history)s::int * %(pairs)s::int;

-- name: fill_ejabberd
insert into users (username, password) select 'p' || n, 'secret' from generate_series(0, %(people)s - 1) n;
insert into archive (username, timestamp, peer, bare_peer, xml, txt, kind, nick)
select 'p' || own, place * 1000000 + pair, other || '@bench/r', other || '@bench',
       '<message type=''chat''><body>' || repeat(md5(place::text), 2) || '</body></message>', repeat(md5(place::text), 2),
       'chat', ''
from generate_series(1, %(history)s) place, generate_series(0, %(pairs)s - 1) pair,
     generate_series(2 * pair, 2 * pair + 1) own, lateral (select 'p' || (own # 1) as other) the_other;

-- name: empty_ejabberd
delete from archive where id > 2 * %(history)s::int * %(pairs)s::int;
delete from spool;

-- name: settle
-- Rows that the last round left behind, and statistics, are alike for everybody.
vacuum analyze;
