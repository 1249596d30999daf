-- Where a statement that is a transaction by itself asks what other transactions ask first.

-- Refuses (CY001) when the authority is not with the side that this connection was opened for (the setting cyphr.side; none:
-- whoever opened it has asked already). As in every transaction, a write that comes after the answer meets the fence.
create or replace function private.require_authority() returns void
    language plpgsql stable security definer set search_path = ''
as $$
begin
    if exists (
        select from cyphr.switchboard
        where service = 'database' and side <> nullif(current_setting('cyphr.side', true), '')
    ) then
        raise exception using
            errcode = 'CY001',
            message = 'this database has not the authority',
            hint = 'Run the whole transaction again on the side that cyphr.switchboard names.';
    end if;
end
$$;
revoke all on function private.require_authority() from public, anon, authenticated;
