-- Which rows of auth.users and auth.identities changed on the Supabase side and are not on the other yet. These tables
-- belong to the platform and cannot be published by the project's role; triggers on them are allowed. Idempotent.

create table if not exists cyphr.platform_queue (
    number     bigint generated always as identity primary key,
    table_name text not null,
    id         uuid                               -- null: the whole table, which was truncated
);

create or replace function cyphr.note_platform_row() returns trigger
    language plpgsql security definer set search_path = ''
as $$
begin
    if tg_op = 'TRUNCATE' then
        insert into cyphr.platform_queue (table_name) values (tg_table_name);
    elsif tg_op = 'DELETE' then
        insert into cyphr.platform_queue (table_name, id) values (tg_table_name, old.id);
    else
        insert into cyphr.platform_queue (table_name, id) values (tg_table_name, new.id);
        if tg_op = 'UPDATE' and old.id <> new.id then
            insert into cyphr.platform_queue (table_name, id) values (tg_table_name, old.id);
        end if;
    end if;
    perform pg_catalog.pg_notify('cyphr_platform', '');
    return null;
end
$$;
revoke execute on function cyphr.note_platform_row() from public;

create or replace trigger cyphr_rows after insert or update or delete on auth.users
    for each row execute function cyphr.note_platform_row();
create or replace trigger cyphr_truncate after truncate on auth.users
    for each statement execute function cyphr.note_platform_row();
create or replace trigger cyphr_rows after insert or update or delete on auth.identities
    for each row execute function cyphr.note_platform_row();
create or replace trigger cyphr_truncate after truncate on auth.identities
    for each statement execute function cyphr.note_platform_row();
