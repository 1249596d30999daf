"""Verify: every person against their counterpart, both ways: attributes, disabled, status and the link between them."""

from uuid import UUID

from cyphr.migrate.auth.accounts import Account, Link
from cyphr.migrate.auth.pool import PoolUser
from cyphr.migrate.auth.synchronisation import Synchronisation
from cyphr.migrate.service import Verification

_ROUNDS = 3
_SIGN_IN_POSSIBLE = ("CONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED", "EXTERNAL_PROVIDER")


async def verify_users(synchronisation: Synchronisation) -> Verification:
    """Compare everyone, while people come and go: what differs is brought over again and compared once more."""
    verification, differing = await _compare(synchronisation)
    for _ in range(_ROUNDS - 1):
        if not verification.differences:
            break
        await synchronisation.forget(differing)
        await synchronisation.run()
        verification, differing = await _compare(synchronisation)
    return verification


async def _compare(synchronisation: Synchronisation) -> tuple[Verification, set[UUID]]:
    pool: dict[str, PoolUser] = {}
    strangers: list[PoolUser] = []
    for user in await synchronisation.pool_users():
        user_id = user.attributes.get("custom:user_id")
        if user_id is None or pool.setdefault(user_id, user) is not user:
            strangers.append(user)
    accounts, links = await synchronisation.read()
    problems = await synchronisation.problems()
    differences: dict[UUID, str] = {}
    for account in accounts.values():
        found = pool.pop(str(account.user_id), None)
        if found is not None:
            difference = _difference(account, found, links.get(account.user_id))
        else:
            difference = problems.get(account.user_id, "no Cognito user")
        if difference is not None:
            differences[account.user_id] = difference
    said = [f"user {user_id}: {difference}" for user_id, difference in differences.items()]
    said += [f"Cognito user {user.username}: nobody's counterpart" for user in (*pool.values(), *strangers)]
    without = sorted(str(account.user_id) for account in accounts.values() if account.email is None)
    notes = [f"without e-mail, named by their id: {', '.join(without)}"] if without else []
    return Verification(len(accounts), said, notes), set(differences)


def _difference(account: Account, user: PoolUser, link: Link | None) -> str | None:
    ours = ("custom:user_id", "email", "email_verified", "name")
    unlike = [name for name in ours if user.attributes.get(name) != account.attributes.get(name)]
    if unlike:
        return f"{', '.join(unlike)} differs"
    if user.enabled is account.disabled:
        return "disabled here, but not in Cognito" if account.disabled else "disabled in Cognito, but not here"
    if user.status not in _SIGN_IN_POSSIBLE:
        return f"cannot sign in: Cognito says {user.status}"
    if link is None or (link.sub, link.username) != (user.sub, user.username):
        return "the link does not name the Cognito user"
    return None
