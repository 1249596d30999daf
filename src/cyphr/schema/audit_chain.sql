-- name: chain
-- Every place of the chain in order, with the event that stands there as text, as it was hashed.
select chain.seq, chain.event_id, chain.hash, event.id::text as id,
       to_char(event.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, event.event,
       event.actor::text as actor, event.subject::text as subject, event.session::text as session,
       event.tenant::text as tenant, host(event.address) as address, event.details::text as details
from public.audit_chain chain
left join public.audit_log event on event.id = chain.event_id
order by chain.seq;

-- name: head
select seq, hash from public.audit_head;

-- name: unchained_event
-- An event that was written while the trigger was off.
select event.id, event.event
from public.audit_log event
where not exists (select from public.audit_chain chain where chain.event_id = event.id)
order by event.at, event.id
limit 1;

-- name: guards
-- The triggers that chain events and refuse changes, as far as they are on.
select tgname::text from pg_trigger
where tgrelid in ('public.audit_log'::regclass, 'public.audit_chain'::regclass, 'public.audit_head'::regclass)
  and not tgisinternal and tgenabled in ('O', 'A') and tgname like 'audit%%';

-- name: list_events
select chain.seq, event.at, event.event, event.actor, event.subject, event.session, event.tenant,
       host(event.address) as address, event.details
from public.audit_chain chain
join public.audit_log event on event.id = chain.event_id
where (%(before)s::bigint is null or chain.seq < %(before)s)
  and (%(subject)s::uuid is null or event.subject = %(subject)s or event.actor = %(subject)s)
  and (%(event)s::text is null or event.event like %(event)s)
order by chain.seq desc
limit %(limit)s;
