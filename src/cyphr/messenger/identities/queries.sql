-- name: list_methods
select method, linked_at, sufficient from private.methods_of_own();

-- name: read_own
-- What is needed of oneself to be given a password.
select address.email, person.full_name, linked.username
from public.users person
left join public.account_emails address on address.user_id = person.id
left join public.cognito_accounts linked on linked.user_id = person.id
where person.id = %(user_id)s;

-- name: link_password
select private.link_own_password(%(sub)s, %(username)s), private.keep_password(%(user_id)s, %(bcrypt)s);

-- name: link_pin
select private.set_pin(%(pin_hash)s);

-- name: unlink
-- unlinked | last | absent
select private.unlink_method(%(method)s);
