-- The audit log is appended to by one function, in the transaction of what it tells of. Its place in the chain is given at
-- the very end of that transaction, by a deferred trigger: the lock on the head is held for the commit alone, and whoever
-- holds it waits for no other lock. The migration writes with triggers off (session_replication_role = replica), so rows
-- that it carries over keep the places and hashes that they have.

-- One value in the canonical form: its length in bytes, a colon, itself; a dash for null.
create or replace function private.audit_field(p_value text) returns text
    language sql immutable set search_path = ''
as $$
    select coalesce(octet_length(convert_to(p_value, 'UTF8'))::text || ':' || p_value, '-') || ','
$$;

-- Version 1 of the canonical form, see docs/reference/audit.md. A change of it gets a new version.
create or replace function private.audit_canonical(p_seq bigint, p_event public.audit_log) returns text
    language sql stable set search_path = ''
as $$
    select 'cyphr-audit-1,' || private.audit_field(p_seq::text) || private.audit_field(p_event.id::text)
        || private.audit_field(to_char(p_event.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        || private.audit_field(p_event.event) || private.audit_field(p_event.actor::text)
        || private.audit_field(p_event.subject::text) || private.audit_field(p_event.session::text)
        || private.audit_field(p_event.tenant::text) || private.audit_field(host(p_event.address))
        || private.audit_field(p_event.details::text)
$$;

-- Append one event in the caller's transaction. Its tenant is the subject's, or the one that p_details names.
create or replace function private.note_security_event(
    p_event text, p_actor uuid, p_subject uuid, p_session uuid, p_address inet, p_details jsonb
) returns void
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    whose uuid := coalesce(p_subject, p_actor);
begin
    insert into public.audit_log (event, actor, subject, session, tenant, address, details)
    values (p_event, p_actor, p_subject, p_session,
            coalesce((p_details ->> 'tenant')::uuid, case when whose is not null then private.tenant_of(whose) end),
            p_address, coalesce(p_details, '{}') - 'tenant');
end
$$;

create or replace function private.chain_security_event() returns trigger
    language plpgsql volatile security definer set search_path = ''
as $$
declare
    head public.audit_head;
begin
    select * into head from public.audit_head for update;
    if not found then
        -- The first event of all. Two that are the first at once: the second waits here for the first to commit.
        insert into public.audit_head (seq, hash) values (0, decode(repeat('00', 32), 'hex')) on conflict do nothing;
        select * into head from public.audit_head for update;
    end if;
    head.seq := head.seq + 1;
    head.hash := sha256(head.hash || convert_to(private.audit_canonical(head.seq, new), 'UTF8'));
    insert into public.audit_chain (seq, event_id, hash) values (head.seq, new.id, head.hash);
    update public.audit_head set seq = head.seq, hash = head.hash;
    return null;
end
$$;

create or replace function private.refuse_rewriting() returns trigger
    language plpgsql volatile set search_path = ''
as $$
begin
    raise exception using
        errcode = 'insufficient_privilege',
        message = format('%I.%I is only ever appended to', tg_table_schema, tg_table_name);
end
$$;

drop trigger if exists audit_log_chain on public.audit_log;
create constraint trigger audit_log_chain after insert on public.audit_log
    deferrable initially deferred for each row execute function private.chain_security_event();

create or replace trigger audit_log_append_only before update or delete or truncate on public.audit_log
    for each statement execute function private.refuse_rewriting();
create or replace trigger audit_chain_append_only before update or delete or truncate on public.audit_chain
    for each statement execute function private.refuse_rewriting();
create or replace trigger audit_head_stays before delete or truncate on public.audit_head
    for each statement execute function private.refuse_rewriting();

revoke all on function private.audit_field(text), private.audit_canonical(bigint, public.audit_log),
    private.chain_security_event(), private.refuse_rewriting(),
    private.note_security_event(text, uuid, uuid, uuid, inet, jsonb) from public, anon, authenticated;
grant execute on function private.note_security_event(text, uuid, uuid, uuid, inet, jsonb) to cyphr_app;
