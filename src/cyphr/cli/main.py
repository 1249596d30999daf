"""The ``cyphr`` command.

Exit codes:

    0    done
    1    it failed or was refused, or a promise was broken; what happened is on stderr, in red
    2    it was called wrongly; usage is on stderr
    3    a check found a failure: the migration would not start, or did not
    4    the two sides differ, or the audit log is not whole
    5    something is out of reach: a server does not answer, or no migrator is running
    6    a service was moved, but a hook that should follow failed; ask for the same move again to repeat it
    130  interrupted with Ctrl-C (``cyphr up`` ends with 0: that is how it is stopped)
"""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from cyphr.cli.terminal import print_error
from cyphr.foundation.errors import CyphrError, PreflightFailed, Unavailable, VerificationFailed

# A command's module is imported when it is called: the migrator must not wait for what the web server needs.
_COMMANDS = {
    "up": "cyphr.cli.up",
    "down": "cyphr.cli.down",
    "rehearse": "cyphr.cli.rehearse",
    "migrate": "cyphr.cli.migrate",
    "restore-backup": "cyphr.cli.restore_backup",
    "people": "cyphr.cli.people",
    "audit": "cyphr.cli.audit",
    "admin": "cyphr.cli.admin",
}


# What an error means to a script that called us; every other one is 1.
EXIT_CODES: dict[type[CyphrError], int] = {PreflightFailed: 3, VerificationFailed: 4, Unavailable: 5}


class _Commands(TyperGroup):
    """Finds commands by name, and is the edge where an error becomes a message and an exit code."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: Any, name: str) -> Any:  # noqa: ARG002
        if name not in _COMMANDS:
            return None
        module = import_module(_COMMANDS[name])
        commands = getattr(module, "app", None)
        if commands is None:
            commands = typer.Typer(pretty_exceptions_show_locals=False)
            commands.command(name)(getattr(module, name.replace("-", "_")))
        command = typer.main.get_command(commands)
        command.name = name
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CyphrError as error:
            print_error(error)
            raise typer.Exit(EXIT_CODES.get(type(error), 1)) from error


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="A messenger native to AWS, and the migration that moves it there from Supabase while it is being used.",
)


@app.callback()
def _main() -> None:
    """Cyphr."""
