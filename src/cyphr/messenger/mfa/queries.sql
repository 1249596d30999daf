-- name: add_factor
-- False: there are ten already, or the passkey is registered.
select private.add_factor(
    %(id)s, %(kind)s, %(name)s, %(secret)s, %(credential_id)s, %(public_key)s, %(counter)s
);

-- name: read_unconfirmed
select private.read_unconfirmed(%(id)s);

-- name: confirm_factor
select private.confirm_factor(%(id)s, %(counter)s);

-- name: list_factors
select id, kind, name, created_at, last_used_at from private.list_factors();

-- name: remove_factor
select kind, name, remaining from private.remove_factor(%(id)s);

-- name: replace_recovery_codes
select private.replace_recovery_codes(%(hashes)s);

-- name: count_recovery_codes
select private.count_recovery_codes();

-- name: read_own_name
select coalesce(address.email, person.cyphr_id, person.full_name)
from public.users person
left join public.account_emails address on address.user_id = person.id
where person.id = %(user_id)s;

-- name: begin_challenge
select private.begin_challenge(
    %(token_hash)s, %(purpose)s, %(user_id)s, %(session_id)s, %(nonce)s, %(device_id)s
);

-- name: read_challenge
-- No row: it does not exist, is over, or was begun by another session or device.
select user_id, nonce from private.read_challenge(%(token_hash)s, %(purpose)s, %(session_id)s, %(device_id)s);

-- name: take_challenge
-- True for one of those who take it at once.
select private.take_challenge(%(token_hash)s, %(purpose)s);

-- name: read_factors
select id, user_id, kind, secret, credential_id, public_key, last_counter from private.read_factors(%(user_id)s);

-- name: find_passkey
select id, user_id, kind, secret, credential_id, public_key, last_counter from private.find_passkey(%(credential_id)s);

-- name: begin_factor_try
-- Reserve a try before the code is checked.
select allowed, retry_after, last from private.begin_factor_try(%(user_id)s);

-- name: forgive_factor_tries
select private.forgive_factor_tries(%(user_id)s);

-- name: take_counter
-- True when this time step, or this count of a passkey, was not taken before.
select private.take_counter(%(id)s, %(counter)s);

-- name: take_recovery_code
select private.take_recovery_code(%(user_id)s, %(code_hash)s);
