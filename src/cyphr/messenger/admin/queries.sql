-- name: administers
-- Which tenant the acting user administers; no row: none.
select tenant_id, role from private.administered_tenant();

-- name: administer
select outcome, ended, email
from private.administer(%(act)s, %(user_id)s, %(argument)s, %(address)s::inet);

-- name: create_person
select private.admin_create(
    %(user_id)s, %(email)s, %(email_hash)s, %(full_name)s, %(role)s, %(address)s::inet
);

-- name: invite
select outcome, taken, tenant from private.admin_invite(%(email)s, %(role)s, %(address)s::inet);

-- name: find_people
select id, full_name, cyphr_id, email, role, suspended_at, created_at, updated_at, has_pin, last_used_at, factors,
       group_ids, group_names
from private.admin_people(
    %(words)s, %(suspended)s, %(user_id)s, %(moment)s::timestamptz, %(id)s, %(offset)s, %(limit)s
);

-- name: count_people
select private.admin_count_people(%(words)s);

-- name: list_sessions
select id, device, method, address, user_agent, created_at, last_used_at from private.admin_sessions(%(user_id)s);

-- name: read_policy
select pin_length, session_days, require_mfa from private.admin_policy();

-- name: set_policy
select private.admin_set_policy(%(pin_length)s, %(session_days)s, %(require_mfa)s, %(address)s::inet);

-- name: list_groups
select id, name, created_at, member_ids from private.admin_groups();

-- name: make_group
select private.admin_make_group(%(group_id)s, %(name)s, %(address)s::inet);

-- name: remove_group
select private.admin_remove_group(%(group_id)s, %(address)s::inet);

-- name: set_group
select private.admin_set_group(%(group_id)s, %(user_id)s, %(joins)s, %(address)s::inet);

-- name: list_events
select seq, at, event, actor, subject, session, address, details
from private.admin_events(%(before)s, %(user_id)s, %(limit)s);

-- name: note_export
select private.admin_note_export(%(people)s, %(address)s::inet);

-- name: appoint
-- The operator's alone: an account comes into the tenant, from whichever it was in.
select private.appoint(%(email)s, %(role)s);

-- name: make_tenant
select private.make_tenant(%(tenant_id)s, %(name)s);
