insert into large.messages (chat_id, seq, body, sent_at) select 1, max(seq) + 1, md5(random()::text), now() from large.messages where chat_id = 1 on conflict do nothing;

update large.messages set body = body || '.' where (chat_id, seq) = (select floor(random() * 100)::int, floor(random() * 100)::bigint);

delete from large.messages where chat_id = 2 and seq = (select min(seq) from large.messages where chat_id = 2);
