-- One turn of what Supabase Auth does, as the platform's own role.
begin;
insert into auth.users (id, email, raw_user_meta_data, raw_app_meta_data, created_at)
values (gen_random_uuid(), gen_random_uuid() || '@example.org', 'null', '{"n": 1.0, "who": "\u00fc"}', now());
insert into auth.identities (provider_id, user_id, identity_data, provider)
select id::text, id, '{"email": "A@example.org"}', 'email' from auth.users order by created_at desc nulls last limit 1 on conflict do nothing;
commit;
update auth.users set last_sign_in_at = clock_timestamp(), encrypted_password = '$2a$10$' || random()
 where id = (select id from auth.users order by random() limit 1);
begin;
create temporary table if not exists pair as select id, email from auth.users limit 0;
truncate pair;
insert into pair select id, email from auth.users where not exists (select from pg_temp.pair) order by random() limit 2;
update auth.users set email = null where id in (select id from pair);
update auth.users u set email = other.email from pair as mine, pair as other
 where u.id = mine.id and other.id <> mine.id;
commit;
delete from auth.users u where id in (
    select id from auth.users where raw_user_meta_data = 'null' order by random() limit 1
) and random() < 0.3;
