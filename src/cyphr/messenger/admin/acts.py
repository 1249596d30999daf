"""Administration in an open transaction: what the API does for an admin, and the command line for the operator.

Who acts, and whom they reach, is decided by ``private.administered_tenant`` in the database. Every function here raises
NotAllowed for who administers nothing, and NotFound for whom they do not reach.
"""

from dataclasses import dataclass
from uuid import UUID

from cyphr.foundation.errors import Conflict, CyphrError, InvalidInput, NotAllowed, NotFound
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.messenger.admin.models import Act, AdministeredPerson, NewPerson, PeoplePage, Role
from cyphr.messenger.caller import current_caller
from cyphr.messenger.messages.cursors import Place, read_cursor
from cyphr.messenger.sessions.tries import hash_email

_queries = load_queries(__package__)


@dataclass(frozen=True)
class Done:
    """What came of an act: the sessions that ended, and the person's address of mail."""

    outcome: str
    ended: list[UUID]
    email: str | None


@dataclass(frozen=True)
class Invited:
    """What came of an invitation. ``taken``: the address has an account already, which only the mail may say."""

    outcome: str
    taken: bool
    tenant: str | None


@dataclass(frozen=True)
class Scope:
    """Which tenant somebody administers, and as what."""

    tenant_id: UUID
    role: str


async def check_administers(transaction: Transaction) -> Scope:
    """What the acting one administers. Raises NotAllowed."""
    scope = await transaction.fetch_one(Scope, _queries.administers)
    if scope is None:
        raise refusal("no_admin")
    return scope


async def administer(transaction: Transaction, act: Act, user_id: UUID, argument: str | None = None) -> Done:
    """Do something to one person. Raises NotFound, NotAllowed or Conflict."""
    done = await transaction.fetch_one(
        Done, _queries.administer, act=act, user_id=user_id, argument=argument, address=current_caller().inet
    )
    assert done is not None
    if done.outcome != "done":
        raise refusal(done.outcome)
    return done


async def create_person(transaction: Transaction, user_id: UUID, new: NewPerson) -> None:
    """Make an account without a PIN. Raises NotAllowed or Conflict."""
    outcome = await transaction.fetch_value(
        _queries.create_person,
        user_id=user_id,
        email=new.email,
        email_hash=hash_email(new.email),
        full_name=new.full_name,
        role=new.role,
        address=current_caller().inet,
    )
    if outcome != "done":
        raise refusal(outcome)


async def invite(transaction: Transaction, email: str, role: str) -> Invited:
    """Have whoever registers with this address come into the tenant. Raises NotAllowed."""
    invited = await transaction.fetch_one(
        Invited, _queries.invite, email=email, role=role, address=current_caller().inet
    )
    assert invited is not None
    if invited.outcome != "done":
        raise refusal(invited.outcome)
    return invited


async def find_people(
    transaction: Transaction, words: str | None, *, suspended: bool | None = None, cursor: str | None = None, limit: int
) -> PeoplePage:
    """People within reach, newest first. Raises NotAllowed, or InvalidInput for a cursor that is none."""
    await check_administers(transaction)
    place = read_cursor(cursor)
    found = await transaction.fetch_all(
        AdministeredPerson, _queries.find_people, words=words, suspended=suspended, user_id=None,
        moment=place.moment, id=place.id, offset=0, limit=limit + 1,
    )  # fmt: skip
    shown = found[:limit]
    more = len(found) > limit
    return PeoplePage(people=shown, next=str(Place(shown[-1].created_at.isoformat(), shown[-1].id)) if more else None)


async def read_slice(transaction: Transaction, words: str | None, start: int, count: int) -> list[AdministeredPerson]:
    """People by their places in the whole list, for exports that count from one."""
    place = read_cursor(None)
    return await transaction.fetch_all(
        AdministeredPerson, _queries.find_people, words=words, suspended=None, user_id=None, moment=place.moment,
        id=place.id, offset=start, limit=count,
    )  # fmt: skip


async def read_person(transaction: Transaction, user_id: UUID) -> AdministeredPerson:
    """One person. Raises NotAllowed or NotFound."""
    await check_administers(transaction)
    place = read_cursor(None)
    person = await transaction.fetch_one(
        AdministeredPerson, _queries.find_people, words=None, suspended=None, user_id=user_id, moment=place.moment,
        id=place.id, offset=0, limit=1,
    )  # fmt: skip
    if person is None:
        raise refusal("not_found")
    return person


async def count_people(transaction: Transaction, words: str | None) -> int:
    """How many there are within reach."""
    return int(await transaction.fetch_value(_queries.count_people, words=words))


async def note_export(transaction: Transaction, people: int) -> None:
    """Note that a list of people has left."""
    await transaction.execute(_queries.note_export, people=people, address=current_caller().inet)


async def appoint(transaction: Transaction, email: str, role: Role) -> None:
    """Bring an account into the operator's tenant as ``role``. Raises NotAllowed or NotFound."""
    outcome = await transaction.fetch_value(_queries.appoint, email=email, role=role)
    if outcome != "done":
        raise refusal(outcome)


async def make_tenant(transaction: Transaction, tenant_id: UUID, name: str) -> None:
    """Make a tenant; the operator's alone. Raises Conflict."""
    if not await transaction.fetch_value(_queries.make_tenant, tenant_id=tenant_id, name=name):
        raise Conflict(f"there is a tenant {name!r} already")


def refusal(outcome: str) -> CyphrError:
    """What a word of the database means."""
    match outcome:
        case "no_admin":
            return NotAllowed("this is for administrators; ask one")
        case "not_allowed":
            return NotAllowed("an owner of the tenant may do this; ask one")
        case "oneself":
            return Conflict("nobody does this to themselves; ask another owner")
        case "last_owner":
            return Conflict("this is the only owner; make somebody else an owner first")
        case "email_taken":
            return Conflict("this address has an account already")
        case "name_taken":
            return Conflict("there is a group of this name already; choose another")
        case "not_found":
            return NotFound("there is no such person, session or group in this tenant")
        case _:
            return InvalidInput(f"this could not be done ({outcome})")
