"""Whose address and password these are: asked of Cognito, and of the hashes that came from Supabase Auth.

Cognito takes no foreign hashes. So the first password that fits an imported one is set in Cognito, and the hash is
forgotten; the person notices nothing. Both are asked at the same time, whatever is known of the address, so that how
long it takes tells nothing.

Nor does Cognito give hashes out. So while auth may still be handed back, one is kept of every password that is set
here, or proven to Cognito and unlike the one that is kept: somebody may have set it at Cognito itself.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from uuid import UUID, uuid4

import bcrypt

from cyphr.foundation.errors import InvalidInput, NotAuthenticated, RateLimited, Unavailable
from cyphr.foundation.postgres import Side, Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.caller import current_caller
from cyphr.messenger.cognito.models import PoolTokens
from cyphr.messenger.cognito.pool import WRONG, UserPool
from cyphr.messenger.sessions.service import Sessions
from cyphr.messenger.sessions.tries import hash_email
from cyphr.messenger.sessions.verifier import Proof, Verifier

_queries = load_queries(__package__)
_logger = logging.getLogger(__name__)

_THREADS = 2
_ROUNDS = 10  # as Supabase Auth hashes
_LONGEST = 72  # bytes of a password that bcrypt looks at


@dataclass(frozen=True)
class Standing:
    """A reserved try. ``user_id`` and ``bcrypt`` are None where Supabase Auth left nothing to check, ``username`` where
    Cognito has nobody. ``keeps``: whether auth may still be handed back; ``kept``: the hash that is kept for that.
    """

    allowed: bool
    retry_after: int
    user_id: UUID | None
    bcrypt: str | None
    username: str | None
    keeps: bool
    kept: str | None


class Passwords:
    """Proves passwords; the same function for the API and for Cognito's own trigger."""

    def __init__(
        self, switchboard: Switchboard, sessions: Sessions, verifier: Verifier, pool: UserPool, *, wrong: int
    ) -> None:
        """``wrong``: how many one address of the network may try in 15 minutes, of all accounts together."""
        self._switchboard = switchboard
        self._sessions = sessions
        self._verifier = verifier
        self._pool = pool
        self._wrong = wrong
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="passwords")

    async def sign_in(self, email: str, password: str) -> UUID:
        """Whose they are; counts as a try, together with those of PINs.

        Raises NotAuthenticated alike for a wrong password and an unknown address, RateLimited, or Unavailable.
        """
        standing, side = await self.reserve(email)
        proven, fits = await asyncio.gather(
            self._ask_pool(standing.username, password),
            self._fits(standing.bcrypt or standing.kept, password),
            return_exceptions=True,
        )
        if fits is True and standing.bcrypt is not None and standing.user_id is not None:
            # Until auth is handed over, a password is changed at Supabase: what is in Cognito may be older.
            if side is Side.AWS and not isinstance(proven, UUID):
                await self._set_password(standing.user_id, standing.username, password)
            user_id = standing.user_id
        elif isinstance(proven, UUID) and (side is Side.AWS or standing.bcrypt is None):
            user_id = proven
            if standing.keeps and (standing.bcrypt is not None or fits is not True):
                await self._keep(user_id, password)
        else:
            raise proven if isinstance(proven, BaseException) else NotAuthenticated(WRONG)
        await self.forgive(email)
        return user_id

    async def fits_imported(self, email: str, password: str) -> UUID | None:
        """Whose hash from Supabase Auth fits, if any; counts as a try. Raises RateLimited."""
        standing, _ = await self.reserve(email)
        if not await self._fits(standing.bcrypt, password):
            return None
        await self.forgive(email)
        return standing.user_id

    async def hash_to_keep(self, password: str) -> str | None:
        """The hash of a password that is being set in Cognito; None when none is kept. Work alike for every address."""

        async def work(transaction: Transaction) -> bool:
            return bool(await transaction.fetch_value(_queries.way_back_is_open))

        if not await self._switchboard.unit_of_work(None, work):
            return None
        return await asyncio.get_running_loop().run_in_executor(self._threads, _hash, password)

    async def account_of(self, tokens: PoolTokens) -> UUID:
        """Whose new tokens of the pool these are. Raises NotAuthenticated, or Unavailable without its keys."""
        proof = await self._verifier.verify(tokens.access_token)
        if not isinstance(proof, Proof) or proof.issuer != "cognito":
            raise NotAuthenticated(WRONG)
        subject = proof.subject

        async def work(transaction: Transaction) -> UUID | None:
            known: UUID | None = await transaction.fetch_value(_queries.signs_in_with_password, subject=subject)
            return known

        user_id = await self._switchboard.unit_of_work(None, work)
        if user_id is None:
            raise NotAuthenticated(WRONG)
        return user_id

    async def reserve(self, email: str) -> tuple[Standing, Side]:
        """Count a try for this address, and where auth stands. Raises RateLimited."""

        async def work(transaction: Transaction) -> tuple[Standing | None, Side]:
            standing = await transaction.fetch_one(
                Standing,
                _queries.begin_password,
                email=email,
                email_hash=hash_email(email),
                address=current_caller().inet,
                most=self._wrong,
            )
            return standing, transaction.sides.get("auth", Side.AWS)

        standing, side = await self._switchboard.unit_of_work(None, work)
        assert standing is not None
        if not standing.allowed:
            raise RateLimited("too many tries for this address; wait and try again", retry_after=standing.retry_after)
        return standing, side

    async def username_of(self, email: str) -> str:
        """What Cognito calls whoever has this address. Raises NotAuthenticated when it has nobody."""

        async def work(transaction: Transaction) -> str | None:
            found: str | None = await transaction.fetch_value(_queries.pool_username, email=email)
            return found

        username = await self._switchboard.unit_of_work(None, work)
        if username is None:
            raise NotAuthenticated(WRONG)
        return username

    async def forgive(self, email: str) -> None:
        """Clear the count of tries after a right one."""
        await self._switchboard.unit_of_work(None, lambda transaction: self._sessions.tries.forgive(transaction, email))

    def close(self) -> None:
        self._threads.shutdown(wait=False)
        self._pool.close()

    async def _ask_pool(self, username: str | None, password: str) -> UUID:
        # Of nobody, too: the pool then asks and refuses as it does somebody.
        return await self.account_of(await self._pool.sign_in(username or str(uuid4()), password))

    async def _fits(self, imported: str | None, password: str) -> bool:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _check, imported, password)

    async def _set_password(self, user_id: UUID, username: str | None, password: str) -> None:
        """Best effort: one that the pool does not take, or cannot now, goes on being checked against its hash."""
        user = None
        try:
            user = await self._pool.find(username or str(user_id))
            if user is not None:
                await self._pool.set_password(user.username, password)
        except InvalidInput:
            return
        except (Unavailable, RateLimited):
            _logger.warning("a password could not be set in Cognito; it will be at the next sign-in")
            return
        if user is None:  # the migration has not made them yet
            return
        sub, name = user.sub, user.username

        async def work(transaction: Transaction) -> None:
            await transaction.execute(_queries.link_imported_password, user_id=user_id, sub=sub, username=name)

        await self._switchboard.unit_of_work(None, work)

    async def _keep(self, user_id: UUID, password: str) -> None:
        hashed = await self.hash_to_keep(password)

        async def work(transaction: Transaction) -> None:
            await transaction.execute(_queries.keep_password, user_id=user_id, bcrypt=hashed)

        await self._switchboard.unit_of_work(None, work)


def _hash(password: str) -> str:
    return bcrypt.hashpw(password.encode()[:_LONGEST], bcrypt.gensalt(_ROUNDS, b"2a")).decode()


def _check(imported: str | None, password: str) -> bool:
    # Without a hash the same work is done, and the answer is no.
    given = password.encode()[:_LONGEST]
    try:
        return bcrypt.checkpw(given, imported.encode() if imported else _nobodys()) and imported is not None
    except ValueError:  # what was imported is no hash
        return False


@cache
def _nobodys() -> bytes:
    return bcrypt.hashpw(b"a password that nobody has", bcrypt.gensalt(_ROUNDS))
