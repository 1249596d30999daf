"""``cyphr admin``: what administrators do, for the operator of the database; by the same functions, in the same log."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError
from rich.table import Table

from cyphr.cli.databases import (
    DEFAULT_FOLDER,
    DatabaseOption,
    FolderOption,
    JsonOption,
    PasswordFileOption,
    SideOption,
    as_operator,
    open_named,
)
from cyphr.cli.terminal import console
from cyphr.foundation.errors import InvalidInput, NotFound
from cyphr.foundation.ids import uuid7
from cyphr.foundation.postgres import Side, Transaction
from cyphr.messenger.admin import acts, scim
from cyphr.messenger.admin.models import Act, AdministeredPerson, NewPerson, Role
from cyphr.messenger.sessions.models import Email

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)

PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="The person's e-mail address or id.")]
EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]

_PAGE = 500


class _Operator:
    """Acts in one database on the people of one tenant."""

    def __init__(
        self, tenant: str, database: str | None, password_file: Path | None, folder: Path, side: Side | None
    ) -> None:
        self.tenant = tenant
        self._where = (database, password_file, folder, side)

    def run(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do ``work`` in one transaction."""

        async def worked() -> T:
            async with open_named(*self._where) as connection, as_operator(connection, self.tenant) as transaction:
                return await work(transaction)

        return asyncio.run(worked())


@app.callback()
def where(
    context: typer.Context,
    tenant: Annotated[str, typer.Option(help="Whose people.")] = "default",
    database: DatabaseOption = None,
    password_file: PasswordFileOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
    side: SideOption = None,
) -> None:
    """People of a tenant: find, make, invite, suspend and reset them. Nobody is told by mail of what is done here.

    A messenger that runs tells Cognito within a minute.
    """
    context.obj = _Operator(tenant, database, password_file, folder, side)


def _operator(context: typer.Context) -> _Operator:
    operator: _Operator = context.obj
    return operator


@app.command()
def search(
    context: typer.Context,
    words: Annotated[str | None, typer.Argument(help="Part of a name, an e-mail address or a @cyphr_id.")] = None,
    suspended: Annotated[bool | None, typer.Option(help="Only those who are suspended, or are not.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """People, newest first."""

    async def work(transaction: Transaction) -> list[AdministeredPerson]:
        return (await acts.find_people(transaction, words, suspended=suspended, limit=limit)).people

    people = _operator(context).run(work)
    if as_json:
        _print_json([person.model_dump(mode="json") for person in people])
    else:
        _print_people(people)


@app.command()
def create(
    context: typer.Context,
    email: EmailArgument,
    full_name: Annotated[str, typer.Argument(metavar="NAME", help="The person's full name.")],
    role: Annotated[str, typer.Option(help="member, admin or owner.")] = "member",
    as_json: JsonOption = False,
) -> None:
    """Make an account. Its owner chooses a PIN by asking for a new one where one signs in."""
    new = _checked(TypeAdapter(NewPerson), {"email": email, "full_name": full_name, "role": role})
    user_id = uuid7()

    async def work(transaction: Transaction) -> AdministeredPerson:
        await acts.create_person(transaction, user_id, new)
        return await acts.read_person(transaction, user_id)

    _show(_operator(context).run(work), as_json, "made")


@app.command()
def invite(
    context: typer.Context,
    email: EmailArgument,
    role: Annotated[str, typer.Option(help="member or admin.")] = "member",
    as_json: JsonOption = False,
) -> None:
    """Have whoever registers with this address within seven days come into the tenant. Tell them yourself."""
    address = _checked(TypeAdapter(Email), email)
    if role not in {"member", "admin"}:
        raise InvalidInput("--role is member or admin; owners are made with make-admin")
    invited = _operator(context).run(lambda transaction: acts.invite(transaction, address, role))
    if as_json:
        _print_json({"email": address, "role": role, "has_account": invited.taken})
    elif invited.taken:
        console.print(f"{address} has an account already; `cyphr admin make-admin` brings it into the tenant.")
    else:
        console.print(f"{address} is invited for seven days.")


@app.command()
def suspend(
    context: typer.Context,
    person: PersonArgument,
    as_json: JsonOption = False,
) -> None:
    """Sign somebody out and keep them out."""
    _act("suspended", person, _operator(context), as_json)


@app.command()
def reinstate(
    context: typer.Context,
    person: PersonArgument,
    as_json: JsonOption = False,
) -> None:
    """Let somebody sign in again."""
    _act("reinstated", person, _operator(context), as_json)


@app.command()
def sign_out(
    context: typer.Context,
    person: PersonArgument,
    as_json: JsonOption = False,
) -> None:
    """End every session of somebody; servers notice within half a minute."""
    _act("signed_out", person, _operator(context), as_json)


@app.command()
def reset_mfa(
    context: typer.Context,
    person: PersonArgument,
    as_json: JsonOption = False,
) -> None:
    """Remove every second factor and recovery code of somebody who has lost them."""
    _act("factors_reset", person, _operator(context), as_json)


@app.command()
def reset_pin(
    context: typer.Context,
    person: PersonArgument,
    as_json: JsonOption = False,
) -> None:
    """Make the PIN of somebody useless and end their sessions. They ask for a new one where one signs in."""
    _act("pin_reset", person, _operator(context), as_json)


@app.command()
def reset_password(
    context: typer.Context,
    person: PersonArgument,
    as_json: JsonOption = False,
) -> None:
    """Make the password of somebody useless and end their sessions. They ask for a new one where one signs in."""
    _act("password_reset", person, _operator(context), as_json)


@app.command()
def make_admin(
    context: typer.Context,
    email: EmailArgument,
    role: Annotated[str, typer.Option(help="member, admin or owner.")] = "admin",
    as_json: JsonOption = False,
) -> None:
    """Give somebody a role, and bring them into the tenant if they are in another one."""
    address, given = _checked(TypeAdapter(Email), email), _checked(TypeAdapter[Role](Role), role)

    async def work(transaction: Transaction) -> AdministeredPerson:
        await acts.appoint(transaction, address, given)
        return await _find(transaction, address)

    _show(_operator(context).run(work), as_json, f"is {given} of {_operator(context).tenant} now")


@app.command()
def make_tenant(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    as_json: JsonOption = False,
) -> None:
    """Make a tenant; `cyphr admin --tenant NAME make-admin --role owner` gives it an owner."""
    tenant_id = uuid7()
    _operator(context).run(lambda transaction: acts.make_tenant(transaction, tenant_id, name))
    if as_json:
        _print_json({"id": str(tenant_id), "name": name})
    else:
        console.print(f"{name} is there ({tenant_id}).")


@app.command()
def export(
    context: typer.Context,
    base: Annotated[str, typer.Option(help="What the addresses in it begin with.")] = "/v1/admin/scim/v2",
) -> None:
    """Everybody of the tenant as one SCIM 2.0 list, in JSON."""

    async def work(transaction: Transaction) -> list[AdministeredPerson]:
        people: list[AdministeredPerson] = []
        while page := await acts.read_slice(transaction, None, len(people), _PAGE):
            people += page
        await acts.note_export(transaction, len(people))
        return people

    users = [scim.as_user(person, base) for person in _operator(context).run(work)]
    _print_json(
        scim.dump(
            scim.ListResponse(total_results=len(users), start_index=1, items_per_page=len(users), resources=users)
        )
    )


def _act(act: Act, named: str, operator: _Operator, as_json: bool) -> None:
    async def work(transaction: Transaction) -> AdministeredPerson:
        person = await _find(transaction, named)
        await acts.administer(transaction, act, person.id)
        return await acts.read_person(transaction, person.id)

    _show(operator.run(work), as_json, act.replace("_", " "))


async def _find(transaction: Transaction, named: str) -> AdministeredPerson:
    try:
        return await acts.read_person(transaction, UUID(named))
    except ValueError:
        page = await acts.find_people(transaction, named, limit=1000)
    found = [person for person in page.people if (person.email or "").lower() == named.lower()]
    if not found:
        raise NotFound(f"nobody in this tenant has the address {named}; `cyphr admin search` finds people")
    return found[0]


def _checked(adapter: TypeAdapter[T], value: Any) -> T:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise InvalidInput("; ".join(f"{one['input']!r}: {one['msg']}" for one in error.errors())) from error


def _show(person: AdministeredPerson, as_json: bool, what: str) -> None:
    if as_json:
        _print_json(person.model_dump(mode="json"))
    else:
        console.print(f"{person.full_name} ({person.email or person.id}): {what}")


def _print_people(people: list[AdministeredPerson]) -> None:
    table = Table("id", "name", "e-mail", "role", "suspended", "factors", "last used", box=None)
    for one in people:
        used = "–" if one.last_used_at is None else f"{one.last_used_at:%Y-%m-%d %H:%M}"
        suspended = "–" if one.suspended_at is None else f"{one.suspended_at:%Y-%m-%d}"
        table.add_row(str(one.id), one.full_name, one.email or "–", one.role, suspended, str(one.factors), used)
    console.print(table)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))
