"""What commands print on, and how an error looks there."""

from rich.console import Console
from rich.text import Text

from cyphr.foundation.errors import CyphrError

console = Console(highlight=False, soft_wrap=True)
error_console = Console(stderr=True, highlight=False, soft_wrap=True)


def print_step(text: str) -> None:
    """One line of progress."""
    console.print(Text(f"  {text}"))


def print_error(error: CyphrError) -> None:
    """What happened, in red, with the kind of error that scripts and documentation know it by."""
    error_console.print(Text.assemble(("error ", "bold red"), (f"({error.code}) ", "red"), error.message))
