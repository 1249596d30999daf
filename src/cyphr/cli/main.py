"""The ``cyphr`` command.

Exit codes:

    0    done
    1    it failed, or a promise was broken; what happened is on stderr, in red
    2    it was called wrongly; usage is on stderr
    130  interrupted with Ctrl-C (``cyphr up`` ends with 0: that is how it is stopped)
"""

from typing import Any

import typer
from typer.core import TyperGroup

from cyphr.cli import migrate
from cyphr.cli.down import down
from cyphr.cli.people import people
from cyphr.cli.rehearse import rehearse
from cyphr.cli.restore_backup import restore_backup
from cyphr.cli.terminal import print_error
from cyphr.cli.up import up
from cyphr.foundation.errors import CyphrError


class _Commands(TyperGroup):
    """The edge where an error becomes a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CyphrError as error:
            print_error(error)
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="A messenger native to AWS, and the migration that moves it there from Supabase while it is being used.",
)
app.command()(up)
app.command()(down)
app.command("restore-backup")(restore_backup)
app.command()(rehearse)
app.command()(people)
app.add_typer(migrate.app, name="migrate")
