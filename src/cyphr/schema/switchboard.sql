-- The switchboard and the fence: what an application and the migration agree on, in each of the two databases.
-- Idempotent. Applied by the messenger's migrations and by the migration tool on any project.

create schema if not exists cyphr;

-- Which side each service stands on. The database that may be written says so itself: the fence changes this row and
-- refuses writes in one transaction. epoch counts the handovers, so that two answers can be told apart by age.
create table if not exists cyphr.switchboard (
    service    text primary key,
    side       text not null check (side in ('supabase', 'aws')),
    epoch      bigint not null default 1,
    changed_at timestamptz not null default now()
);

-- The fence: a statement trigger that is enabled in the catalogue, and so binds every later statement whatever its
-- snapshot (a flag row read here would not: a REPEATABLE READ transaction would slip through).
create or replace function cyphr.refuse_write() returns trigger
    language plpgsql security definer set search_path = ''
as $$
begin
    raise exception using
        errcode = 'CY001',
        message = format('%I.%I may not be written here: the database has moved to the other side',
                         tg_table_schema, tg_table_name),
        hint = 'Run the whole transaction again on the side that cyphr.switchboard names.';
end
$$;

grant usage on schema cyphr to public;
grant select on cyphr.switchboard to public;
