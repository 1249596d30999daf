-- As many messages as the setting test.messages says, set by set: in one chat of 200 people and 1,999 of two. Person 1 is
-- in the large one and in ten others. Without triggers: what they would check or number is right as it is written here.

set session_replication_role = replica;

insert into public.users (id, full_name)
select ('a0000000-0000-4000-8000-' || lpad(to_hex(one), 12, '0'))::uuid, 'Person ' || one
from generate_series(1, 1000) one;

insert into public.chats (id, type)
select ('c0000000-0000-4000-8000-' || lpad(to_hex(one), 12, '0'))::uuid, case one when 1 then 'group' else 'direct' end
from generate_series(1, 2000) one;

insert into public.chat_participants (chat_id, user_id)
select ('c0000000-0000-4000-8000-' || lpad(to_hex(chat), 12, '0'))::uuid,
       ('a0000000-0000-4000-8000-' || lpad(to_hex(person), 12, '0'))::uuid
from (select 1 as chat, generate_series(1, 200) as person
      union select chat, case when chat <= 11 then 1 else chat % 998 + 2 end from generate_series(2, 2000) chat
      union select chat, (chat + 400) % 998 + 2 from generate_series(2, 2000) chat) members;

-- The words are those of a language: some in every message, some in few.
insert into public.messages (id, chat_id, sender_id, client_id, seq, content, created_at, changed, expires_at)
select gen_random_uuid(), member.chat_id, member.user_id, gen_random_uuid(), one / 2000 + 1,
       'hello ' || md5((one % 5000)::text) || ' слово ' || md5(one::text),
       now() - make_interval(secs => current_setting('test.messages')::integer - one), case when one % 50 = 0 then one end, null
from generate_series(0, current_setting('test.messages')::integer - 1) one
join (select chat_id, max(user_id::text)::uuid as user_id from public.chat_participants group by chat_id) member
    on member.chat_id = ('c0000000-0000-4000-8000-' || lpad(to_hex(one % 2000 + 1), 12, '0'))::uuid;

update public.chats chat set last_seq = newest.seq, last_change = coalesce(newest.changed, 0)
from (select chat_id, max(seq) as seq, max(changed) as changed from public.messages group by chat_id) newest
where newest.chat_id = chat.id;

set session_replication_role = origin;
