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

-- The fence. On each moved table a statement trigger lets whoever writes pass this table, which has no rows. Its own trigger
-- refuses them once it is enabled. That takes a lock which waits for all who have passed, and being in the catalogue it
-- binds every later statement, whatever its snapshot (a flag row read here would not: a REPEATABLE READ transaction would
-- slip through). So however many tables there are, one is locked and altered to stop all writers at once.
create table if not exists cyphr.fence ();

create or replace function cyphr.pass_fence() returns trigger
    language plpgsql security definer set search_path = ''
as $$
begin
    -- Not delete: a publication of all tables would want a replica identity for it.
    insert into cyphr.fence select where false;
    return null;
end
$$;

create or replace function cyphr.refuse_write() returns trigger
    language plpgsql security definer set search_path = ''
as $$
begin
    raise exception using
        errcode = 'CY001',
        message = 'this database may not be written: it has moved to the other side',
        hint = 'Run the whole transaction again on the side that cyphr.switchboard names.';
end
$$;

-- Never made anew: whether it is enabled says whether the database may be written.
do $$
begin
    if not exists (select from pg_trigger where tgrelid = 'cyphr.fence'::regclass and tgname = 'cyphr_fence') then
        create trigger cyphr_fence before insert on cyphr.fence
            for each statement execute function cyphr.refuse_write();
        alter table cyphr.fence disable trigger cyphr_fence;
    end if;
end
$$;

grant usage on schema cyphr to public;
grant select on cyphr.switchboard to public;
