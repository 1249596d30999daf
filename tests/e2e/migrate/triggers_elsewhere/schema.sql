-- Triggers and rules that write into other tables: what they write comes with the stream and must not be written twice.

create schema audited;
create table audited.accounts (id int primary key, balance numeric not null default 0, touched int not null default 0);
create table audited.entries (id bigserial primary key, account_id int not null references audited.accounts, amount numeric not null);
create table audited.audit (id bigserial primary key, at timestamptz not null default clock_timestamp(), what text not null, row jsonb);
create table audited.counters (what text primary key, n bigint not null);
insert into audited.counters values ('entries', 0), ('statements', 0);

create function audited.note() returns trigger language plpgsql as $$
begin
    insert into audited.audit (what, row) values (tg_op || ' ' || tg_table_name, to_jsonb(coalesce(new, old)));
    return coalesce(new, old);
end $$;
create function audited.book() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    update audited.accounts set balance = balance + new.amount where id = new.account_id;
    update audited.counters set n = n + 1 where what = 'entries';
    return null;
end $$;
create function audited.count_statement() returns trigger language plpgsql as $$
begin update audited.counters set n = n + 1 where what = 'statements'; return null; end $$;
create function audited.touch() returns trigger language plpgsql as $$ begin new.touched := new.touched + 1; return new; end $$;

create trigger note after insert or update or delete on audited.accounts for each row execute function audited.note();
create trigger note_too after delete on audited.entries for each row execute function audited.note();
create trigger book after insert on audited.entries for each row execute function audited.book();
create trigger counted after insert on audited.entries for each statement execute function audited.count_statement();
create trigger touch before update on audited.accounts for each row execute function audited.touch();
create constraint trigger late after insert on audited.entries deferrable initially deferred
    for each row when (new.amount > 90) execute function audited.note();
create view audited.rich as select id, balance from audited.accounts where balance > 0;
create rule spend as on delete to audited.rich do instead
    insert into audited.entries (account_id, amount) values (old.id, -old.balance);
insert into audited.accounts (id) select n from generate_series(1, 10) as n;
