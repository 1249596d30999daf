-- name: issue_email_code
-- Whether the address is free or taken; null when it was sent too many.
select private.issue_email_code(%(email)s, %(code_hash)s);

-- name: register_account
select private.register_account(
    %(user_id)s, %(email)s, %(email_hash)s, %(code_hash)s, %(full_name)s, %(cyphr_id)s, %(pin_hash)s,
    %(pin_length)s
);

-- name: read_me
select person.id, person.full_name, person.cyphr_id, person.avatar_url, address.email
from public.users person
left join public.account_emails address on address.user_id = person.id
where person.id = %(user_id)s;

-- name: set_pin
select private.set_pin(%(pin_hash)s);

-- name: recover_pin
select outcome, user_id, ended
from private.recover_pin(%(email)s, %(email_hash)s, %(code_hash)s, %(pin_hash)s, %(pin_length)s);

-- name: own_pin_length
select private.own_pin_length();
