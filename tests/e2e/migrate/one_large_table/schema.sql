-- One table that holds nearly everything.

create schema large;
create table large.messages (
    id uuid primary key default gen_random_uuid(), chat_id int not null, seq bigint not null, body text not null,
    sent_at timestamptz not null, unique (chat_id, seq)
);
create index on large.messages (sent_at);
