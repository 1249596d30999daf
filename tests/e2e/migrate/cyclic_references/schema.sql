-- Rows that need each other: constraints that are looked at when the transaction ends.

create schema cycles;
create table cycles.teams (id uuid primary key default gen_random_uuid(), name text not null, lead_id uuid not null);
create table cycles.people (
    id      uuid primary key default gen_random_uuid(),
    team_id uuid not null references cycles.teams on delete cascade deferrable initially deferred,
    boss_id uuid references cycles.people on delete set null,
    rank    int not null,
    unique (team_id, rank) deferrable initially deferred
);
alter table cycles.teams add foreign key (lead_id) references cycles.people deferrable initially deferred;
create table cycles.nodes (id int primary key, next_id int not null references cycles.nodes deferrable initially deferred);
create table cycles.slots (id int primary key, place int not null unique);

insert into cycles.nodes select n, n % 20 + 1 from generate_series(1, 20) as n;
insert into cycles.slots select n, n from generate_series(1, 20) as n;
