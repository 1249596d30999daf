"""The rules of administration that the database does not have: what is told, by mail and to sockets, after an act."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from cyphr.foundation.errors import NotFound, Unavailable
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.accounts.mail import Letter, Mail
from cyphr.messenger.accounts.service import Accounts
from cyphr.messenger.admin import acts
from cyphr.messenger.admin.models import (
    Act,
    AdministeredGroup,
    AdministeredPerson,
    AdministeredSession,
    Invitation,
    NewPerson,
    NotedEvent,
    PeoplePage,
    PersonDetails,
    Policy,
)
from cyphr.messenger.caller import current_caller
from cyphr.messenger.cognito.duties import Duties
from cyphr.messenger.sessions.service import Sessions

T = TypeVar("T")

_queries = load_queries(__package__)

_TOLD: dict[Act, str] = {
    "suspended": "Your account was suspended by those who administer it. You cannot sign in until they reinstate it.",
    "reinstated": "Your account was reinstated. You can sign in again.",
    "password_reset": "Those who administer your account made its password useless. Ask for another where you sign in.",
    "factors_reset": "Those who administer your account removed its second factors. Set one up again when you sign in.",
}


class Administration:
    """Acts of administrators. Whoever administers nothing gets NotAllowed, whoever is out of reach is NotFound."""

    def __init__(
        self, switchboard: Switchboard, sessions: Sessions, accounts: Accounts, duties: Duties, mail: Mail
    ) -> None:
        self._switchboard = switchboard
        self._sessions = sessions
        self._accounts = accounts
        self._duties = duties
        self._mail = mail

    async def act(self, admin: UUID, act: Act, user_id: UUID, argument: str | None = None) -> None:
        """Do something to one person. Raises NotAllowed, NotFound or Conflict.

        It holds here when this returns, and at Cognito as soon as that can be reached.
        """
        done = await self._work(admin, lambda transaction: acts.administer(transaction, act, user_id, argument))
        await self._sessions.forget(user_id, done.ended)
        await self._duties.settle(user_id)
        if done.email is None:
            return
        with suppress(Unavailable):  # done is done, told or not
            if act == "pin_reset":
                await self._accounts.send_recovery(done.email)
            elif act in _TOLD:
                await self._mail.send(done.email, Letter("About your Cyphr account", _TOLD[act]))

    async def create(self, admin: UUID, new: NewPerson) -> PersonDetails:
        """Make an account, and mail its owner a code to choose a PIN with. Raises NotAllowed or Conflict."""
        user_id = uuid7()
        await self._work(admin, lambda transaction: acts.create_person(transaction, user_id, new))
        with suppress(Unavailable):  # they ask for another code where they sign in
            await self._accounts.send_recovery(new.email)
        return await self.read(admin, user_id)

    async def invite(self, admin: UUID, invitation: Invitation) -> None:
        """Invite by mail; the answer is the same for every address. Raises NotAllowed or Unavailable."""
        invited = await self._work(
            admin, lambda transaction: acts.invite(transaction, invitation.email, invitation.role)
        )
        await self._mail.send(invitation.email, invitation_letter(invited.tenant or "", taken=invited.taken))

    async def find(
        self, admin: UUID, words: str | None, *, suspended: bool | None, cursor: str | None, limit: int
    ) -> PeoplePage:
        """People, newest first. Raises NotAllowed."""
        return await self._work(
            admin,
            lambda transaction: acts.find_people(transaction, words, suspended=suspended, cursor=cursor, limit=limit),
        )

    async def read(self, admin: UUID, user_id: UUID) -> PersonDetails:
        """One person and where they are signed in. Raises NotAllowed or NotFound."""

        async def work(transaction: Transaction) -> PersonDetails:
            person = await acts.read_person(transaction, user_id)
            living = await transaction.fetch_all(AdministeredSession, _queries.list_sessions, user_id=user_id)
            return PersonDetails(**person.model_dump(), sessions=living)

        return await self._work(admin, work)

    async def export(
        self, admin: UUID, words: str | None, start: int, count: int
    ) -> tuple[int, list[AdministeredPerson]]:
        """How many people there are, and those from the ``start``-th (0: the first); noted. Raises NotAllowed."""

        async def work(transaction: Transaction) -> tuple[int, list[AdministeredPerson]]:
            await acts.check_administers(transaction)
            total = await acts.count_people(transaction, words)
            people = await acts.read_slice(transaction, words, start, count)
            await acts.note_export(transaction, len(people))
            return total, people

        return await self._work(admin, work)

    async def check(self, admin: UUID) -> None:
        """Raises NotAllowed for who administers nothing."""
        await self._work(admin, acts.check_administers)

    async def read_policy(self, admin: UUID) -> Policy:
        """What the tenant demands. Raises NotAllowed."""

        async def work(transaction: Transaction) -> Policy:
            policy = await transaction.fetch_one(Policy, _queries.read_policy)
            if policy is None:
                raise acts.refusal("no_admin")
            return policy

        return await self._work(admin, work)

    async def set_policy(self, admin: UUID, policy: Policy) -> None:
        """Demand something else from now on. Raises NotAllowed."""

        async def work(transaction: Transaction) -> None:
            await self._refuse(transaction.fetch_value(
                _queries.set_policy, pin_length=policy.pin_length, session_days=policy.session_days,
                require_mfa=policy.require_mfa,
                address=current_caller().inet,
            ))  # fmt: skip

        await self._work(admin, work)

    async def list_groups(self, admin: UUID) -> list[AdministeredGroup]:
        """The tenant's groups. Raises NotAllowed."""

        async def work(transaction: Transaction) -> list[AdministeredGroup]:
            await acts.check_administers(transaction)
            return await transaction.fetch_all(AdministeredGroup, _queries.list_groups)

        return await self._work(admin, work)

    async def make_group(self, admin: UUID, name: str) -> AdministeredGroup:
        """Make a group. Raises NotAllowed or Conflict."""
        group_id = uuid7()

        async def work(transaction: Transaction) -> None:
            await self._refuse(transaction.fetch_value(
                _queries.make_group, group_id=group_id, name=name, address=current_caller().inet
            ))  # fmt: skip

        await self._work(admin, work)
        made = [group for group in await self.list_groups(admin) if group.id == group_id]
        if not made:
            raise NotFound("the group was removed at this moment")
        return made[0]

    async def remove_group(self, admin: UUID, group_id: UUID) -> None:
        """Remove a group; its people stay. Raises NotAllowed or NotFound."""

        async def work(transaction: Transaction) -> None:
            await self._refuse(transaction.fetch_value(
                _queries.remove_group, group_id=group_id, address=current_caller().inet
            ))  # fmt: skip

        await self._work(admin, work)

    async def set_group(self, admin: UUID, group_id: UUID, user_id: UUID, *, joins: bool) -> None:
        """Put somebody into a group or take them out. Raises NotAllowed or NotFound."""

        async def work(transaction: Transaction) -> None:
            await self._refuse(transaction.fetch_value(
                _queries.set_group, group_id=group_id, user_id=user_id, joins=joins, address=current_caller().inet
            ))  # fmt: skip

        await self._work(admin, work)

    async def list_events(
        self, admin: UUID, *, user_id: UUID | None, before: int | None, limit: int
    ) -> list[NotedEvent]:
        """Security events of the tenant, newest first. Raises NotAllowed."""

        async def work(transaction: Transaction) -> list[NotedEvent]:
            await acts.check_administers(transaction)
            return await transaction.fetch_all(
                NotedEvent, _queries.list_events, before=before, user_id=user_id, limit=limit
            )

        return await self._work(admin, work)

    async def _work(self, admin: UUID, work: Callable[[Transaction], Awaitable[T]]) -> T:
        return await self._switchboard.unit_of_work(admin, work)

    @staticmethod
    async def _refuse(asked: Awaitable[str]) -> None:
        outcome = await asked
        if outcome != "done":
            raise acts.refusal(outcome)


def invitation_letter(tenant: str, *, taken: bool) -> Letter:
    """What is mailed to who is invited. An account stays where it is: only its own tenant's operator moves it."""
    invited = f"Those who administer “{tenant}” on Cyphr invite you"
    if taken:
        text = f"{invited}, but this address has an account already. Ask them to have it moved, or give them another."
    else:
        text = f"{invited}. Register with this address within seven days."
    return Letter("You are invited to Cyphr", text)
