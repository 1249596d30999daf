-- name: note_security_event
select private.note_security_event(
    %(event)s, %(actor)s, %(subject)s, %(session)s, %(address)s::inet, %(details)s::jsonb
);
