"""What Cognito's triggers ask of us; the functions of ``lambdas/cognito_*`` only translate."""

from uuid import UUID

from cyphr.foundation.errors import NotAuthenticated, RateLimited
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.cognito.passwords import Passwords
from cyphr.messenger.sessions.tries import PinTries

_queries = load_queries(__package__)


async def is_begun(switchboard: Switchboard, username: UUID, email: str) -> bool:
    """Whether our API began this sign-up."""

    async def work(transaction: Transaction) -> bool:
        return bool(await transaction.fetch_value(_queries.is_signing_up, username=username, email=email))

    return await switchboard.unit_of_work(None, work)


async def proves_pin(tries: PinTries, switchboard: Switchboard, *, email: str, pin: str, subject: str) -> bool:
    """Whether the PIN is that of the address, and the address that of Cognito's ``subject``. Counts as a try."""
    try:
        user_id = await tries.prove(email, pin)
    except (NotAuthenticated, RateLimited):
        return False

    async def work(transaction: Transaction) -> bool:
        # An address can be changed at Cognito; whose the user is cannot. Who is suspended is nobody here.
        if await transaction.fetch_value(_queries.known_as, subject=subject) != user_id:
            return False
        await tries.forgive(transaction, email)
        return True

    return await switchboard.unit_of_work(None, work)


async def account_of(switchboard: Switchboard, subject: str) -> UUID | None:
    """Whose Cognito's ``subject`` is; None: nobody's, or of who is suspended."""

    async def work(transaction: Transaction) -> UUID | None:
        known: UUID | None = await transaction.fetch_value(_queries.known_as, subject=subject)
        return known

    return await switchboard.unit_of_work(None, work)


async def wants_factor(switchboard: Switchboard, subject: str) -> bool | None:
    """Whether Cognito's ``subject`` proves more than a PIN before there are tokens; None: there are none for them."""

    async def work(transaction: Transaction) -> bool | None:
        user_id = await transaction.fetch_value(_queries.known_as, subject=subject)
        return None if user_id is None else bool(await transaction.fetch_value(_queries.has_factors, user_id=user_id))

    return await switchboard.unit_of_work(None, work)


async def migrated_attributes(
    passwords: Passwords, switchboard: Switchboard, email: str, password: str
) -> dict[str, str] | None:
    """The attributes of a user to be made for whoever's password from Supabase Auth this is; None: nobody's."""
    try:
        user_id = await passwords.fits_imported(email, password)
    except RateLimited:
        return None
    if user_id is None:
        return None

    async def work(transaction: Transaction) -> str:
        return str(await transaction.fetch_value(_queries.name_of, user_id=user_id) or "")

    name = await switchboard.unit_of_work(None, work)
    # ``username``: a pool that knows addresses as aliases takes none as a name.
    attributes = {"username": str(user_id), "email": email, "email_verified": "true", "custom:user_id": str(user_id)}
    return {**attributes, "name": name} if name else attributes
