"""The rules of accounts with a password. Whom an address belongs to is never told, in words, status or work done."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from cyphr.foundation.errors import InvalidInput, NotAuthenticated, RateLimited
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.audit.models import EventKind, SecurityEvent
from cyphr.messenger.audit.service import Audit
from cyphr.messenger.cognito.duties import Duties
from cyphr.messenger.cognito.models import (
    Confirmation,
    PasswordChange,
    PasswordReset,
    PoolTokens,
    SignUp,
)
from cyphr.messenger.cognito.passwords import Passwords
from cyphr.messenger.cognito.pool import BAD_CODE, WRONG, UserPool
from cyphr.messenger.sessions.models import Challenge, Identity, Session
from cyphr.messenger.sessions.service import NewSession, Sessions
from cyphr.messenger.sessions.tries import hash_email

_queries = load_queries(__package__)


class Cognito:
    """Registers people with a password, lets them in, and lets them change it."""

    def __init__(
        self,
        switchboard: Switchboard,
        sessions: Sessions,
        pool: UserPool,
        passwords: Passwords,
        duties: Duties,
        audit: Audit,
    ) -> None:
        self._switchboard = switchboard
        self._sessions = sessions
        self._pool = pool
        self._passwords = passwords
        self._duties = duties
        self._audit = audit

    # Registering.

    async def sign_up(self, wanted: SignUp) -> UUID:
        """Have a code mailed; the name of this sign-up. For an address that has an account none is mailed."""
        username, bcrypt = uuid7(), await self._passwords.hash_to_keep(wanted.password)

        async def work(transaction: Transaction) -> bool:
            begun = await transaction.fetch_value(
                _queries.begin_sign_up, username=username, email=wanted.email, full_name=wanted.full_name
            )
            await transaction.execute(_queries.keep_sign_up_password, username=username, bcrypt=bcrypt)
            return bool(begun)

        if await self._switchboard.unit_of_work(None, work):
            await self._pool.sign_up(str(username), wanted.email, wanted.password, wanted.full_name)
        else:
            await self.resend(username)  # as much work, and nobody gets anything
        return username

    async def resend(self, sign_up: UUID) -> None:
        """Mail the code again, if there is such a sign-up."""
        with suppress(InvalidInput, NotAuthenticated, RateLimited):
            await self._pool.resend_code(str(sign_up))

    async def confirm(self, confirmation: Confirmation) -> None:
        """Make the account, when the code is right. Counts as a try. Raises InvalidInput or RateLimited."""
        sign_up = confirmation.sign_up
        await self._passwords.reserve(str(sign_up))
        try:
            await self._pool.confirm(str(sign_up), confirmation.code)
        except NotAuthenticated as error:
            # It was confirmed before, and the answer was lost: what follows is done once.
            user = await self._pool.find(str(sign_up))
            if user is None or user.status != "CONFIRMED":
                raise InvalidInput(BAD_CODE) from error
        user = await self._pool.find(str(sign_up))
        if user is None:
            raise InvalidInput(BAD_CODE)
        sub = user.sub

        async def work(transaction: Transaction) -> str:
            outcome: str = await transaction.fetch_value(
                _queries.finish_sign_up, username=sign_up, sub=sub, email_hash=hash_email(confirmation.email)
            )
            if outcome == "registered":
                await self._note(transaction, "account.registered", sign_up)
            return outcome

        if await self._switchboard.unit_of_work(None, work) != "registered":
            raise InvalidInput(BAD_CODE)

    # Signing in.

    async def sign_in(self, email: str, password: str, new: NewSession) -> Session | Challenge:
        """Sign in with a password. Raises NotAuthenticated, RateLimited, Suspended or Unavailable."""
        return await self._sessions.admit(await self._passwords.sign_in(email, password), "password", new)

    async def tokens(self, identity: Identity, password: str) -> PoolTokens:
        """Cognito's own tokens; counts as a try. Raises NotAuthenticated, InvalidInput (no address), RateLimited or
        Unavailable.
        """
        email = await self._sessions.tries.read_own_email(identity)
        # Also sets one that came from Supabase Auth.
        if await self._passwords.sign_in(email, password) != identity.user_id:
            raise NotAuthenticated(WRONG)
        username = await self._passwords.username_of(email)
        tokens = await self._pool.sign_in(username, password)
        if await self._passwords.account_of(tokens) != identity.user_id:
            raise NotAuthenticated(WRONG)
        return tokens

    async def refresh(self, identity: Identity, refresh_token: str) -> PoolTokens:
        """New ones of this person. Raises NotAuthenticated once they were signed out, and for another's."""

        async def work(transaction: Transaction) -> str | None:
            named: str | None = await transaction.fetch_value(_queries.read_own_username, user_id=identity.user_id)
            return named

        username = await self._switchboard.unit_of_work(identity.user_id, work)
        if username is None:
            raise NotAuthenticated(WRONG)
        return await self._pool.refresh(username, refresh_token)

    # Changing the password.

    async def forgot(self, email: str) -> None:
        """Mail a code to whoever signs in with a password; to others nothing, and the answer is the same."""

        async def work(transaction: Transaction) -> Sequence[Any]:
            cursor = await transaction.connection.execute(_queries.password_account, {"email": email})
            return await cursor.fetchall()

        rows = await self._switchboard.unit_of_work(None, work)
        username = str(rows[0][1]) if rows else str(uuid4())
        # First what is due: a password that was reset must not be taken away after the new one.
        await self._duties.settle(rows[0][0] if rows else uuid4())
        user = await self._pool.find(username)
        new = user is not None and user.status == "FORCE_CHANGE_PASSWORD"
        with suppress(InvalidInput, NotAuthenticated, RateLimited):
            # Who never signed in since the move: Cognito mails no code before there was a password. For others
            # nobody's is set, so that as much is asked of Cognito.
            await self._pool.set_password(username if new else str(uuid4()), None)
        with suppress(InvalidInput, NotAuthenticated, RateLimited):
            await self._pool.forgot_password(username)

    async def reset(self, wanted: PasswordReset) -> None:
        """Set a password with the mailed code, and end every session. Counts as a try.

        Raises InvalidInput (the code, or the password) or RateLimited.
        """
        await self._passwords.reserve(wanted.email)

        async def find(transaction: Transaction) -> Sequence[Any]:
            cursor = await transaction.connection.execute(_queries.password_account, {"email": wanted.email})
            return await cursor.fetchall()

        rows = await self._switchboard.unit_of_work(None, find)
        username = str(rows[0][1]) if rows else str(uuid4())
        try:
            await self._pool.reset_password(username, wanted.code, wanted.new_password)
        except NotAuthenticated as error:
            raise InvalidInput(BAD_CODE) from error
        if not rows:
            raise InvalidInput(BAD_CODE)
        await self._passwords.forgive(wanted.email)
        await self._replaced(rows[0][0], username, wanted.new_password, "password.recovered", kept=None)

    async def change(self, identity: Identity, change: PasswordChange) -> None:
        """Set a new password after the old one, and end every other session.

        Raises NotAuthenticated, InvalidInput (no address, or against the policy) or RateLimited.
        """

        async def work(transaction: Transaction) -> str | None:
            found: str | None = await transaction.fetch_value(_queries.read_own_address, user_id=identity.user_id)
            return found

        email = await self._switchboard.unit_of_work(identity.user_id, work)
        if email is None:
            raise InvalidInput("this account has no e-mail address, so it has no password to change")
        if await self._passwords.sign_in(email, change.password) != identity.user_id:
            raise NotAuthenticated(WRONG)
        username = await self._passwords.username_of(email)
        await self._pool.set_password(username, change.new_password)
        await self._replaced(identity.user_id, username, change.new_password, "password.changed", kept=identity)

    async def sign_out_everywhere(self, identity: Identity) -> None:
        """End every session of this person: those here, this one too, and those at Cognito with all their tokens.

        None of them counts here any more; Cognito is told now, or as soon as it can be reached.
        """
        user_id = identity.user_id
        await self._switchboard.unit_of_work(user_id, lambda transaction: self._owe(transaction, user_id))
        await self._sessions.sign_out_everywhere(user_id)
        await self._duties.settle(user_id)

    # How.

    async def _replaced(
        self, user_id: UUID, username: str, password: str, kind: EventKind, *, kept: Identity | None
    ) -> None:
        """A password was set: no other session outlives the old one."""
        user, bcrypt = await self._pool.find(username), await self._passwords.hash_to_keep(password)

        async def work(transaction: Transaction) -> None:
            if user is not None:
                await transaction.execute(_queries.link_password, user_id=user_id, sub=user.sub, username=username)
            await transaction.execute(_queries.keep_password, user_id=user_id, bcrypt=bcrypt)
            await self._note(transaction, kind, user_id)
            if kept is None:
                await self._owe(transaction, user_id)

        await self._switchboard.unit_of_work(None, work)
        if kept is None:
            await self._sessions.sign_out_everywhere(user_id)
            await self._duties.settle(user_id)
        else:
            await self._sessions.sign_out_others(kept)
            await self._pool.sign_out(username)

    @staticmethod
    async def _owe(transaction: Transaction, user_id: UUID) -> None:
        """Tokens of Cognito count no longer, and it is to be told."""
        await transaction.execute(_queries.owe_pool, user_id=user_id)

    async def _note(self, transaction: Transaction, kind: EventKind, user_id: UUID) -> None:
        event = SecurityEvent(kind=kind, actor=user_id, subject=user_id, details={"method": "password"})
        await self._audit.note(transaction, event)
