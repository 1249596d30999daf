"""What is in the source: what moves as it is, what changes on the way, what stays behind, and why."""

from dataclasses import dataclass, field

from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side
from cyphr.foundation.queries import load_queries
from cyphr.migrate.preflight.context import Context
from cyphr.migrate.preflight.context import queries as checked

queries = load_queries(__package__)
_platform = load_queries("cyphr.migrate.database.sql", "platform_rows.sql")


@dataclass(frozen=True)
class MovedTable:
    """One table whose rows are moved. Rows are the planner's estimate."""

    name: str
    rows: int
    bytes: int
    index_bytes: int


@dataclass(frozen=True)
class Note:
    """Something that changes, or stays behind, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Inventory:
    """The whole of a source."""

    tables: list[MovedTable]
    objects: dict[str, list[str]]
    """Everything else that is restored: kind → names."""
    changed: list[Note] = field(default_factory=list)
    left_behind: list[Note] = field(default_factory=list)
    files: int = 0
    file_bytes: int = 0
    with_users: bool = False
    """Whether rows of auth.users and auth.identities come along, since something that is moved refers to them."""

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    @property
    def bytes(self) -> int:
        return sum(table.bytes for table in self.tables)

    @property
    def index_bytes(self) -> int:
        return sum(table.index_bytes for table in self.tables)


async def take_inventory(context: Context) -> Inventory:
    """Read the source's catalogue; the target only tells which extensions it offers. Raises Unavailable."""
    if words := context.refusals.get(Side.SUPABASE):
        raise Unavailable(words)
    tables = [MovedTable(*row) for row in await context.fetch(Side.SUPABASE, queries.moved_tables)]
    objects: dict[str, list[str]] = {}
    for kind, name in await context.fetch(Side.SUPABASE, queries.moved_objects):
        objects.setdefault(kind, []).append(name)
    missing = await _missing_extensions(context)
    extensions = [name for name in await context.names(Side.SUPABASE, checked.extensions) if name not in missing]
    if extensions:
        objects["extension"] = extensions
    files = file_bytes = 0
    if context.settings.files is not None and await context.value(Side.SUPABASE, queries.has_storage):
        files, file_bytes = (await context.fetch(Side.SUPABASE, queries.stored_objects))[0]
    with_users = await context.value(Side.SUPABASE, _platform.is_referred_to)
    left_behind = await _left_behind(context, missing, with_users=with_users)
    return Inventory(tables, objects, _changed(context, objects), left_behind, files, int(file_bytes), with_users)


def _changed(context: Context, objects: dict[str, list[str]]) -> list[Note]:
    owner = context.settings.aws_database.user
    changed = [
        Note(f"every object's owner becomes {owner}", "the source's owner is a role of Supabase's"),
        Note(
            "every table gets the trigger cyphr_fence, disabled",
            "before a handover it is enabled on the side that is left",
        ),
    ]
    if "sequence" in objects:
        why = "a number that was given out while moving must not be given again"
        changed.append(Note("sequences continue with a margin", why))
    if context.settings.files is not None:
        files = context.settings.files
        changed.append(Note(f"URLs in rows: {files.supabase_url} becomes {files.aws_url}", "objects move to S3"))
    return changed


async def _left_behind(context: Context, missing: list[str], *, with_users: bool) -> list[Note]:
    def notes(names: list[str], what: str, why: str) -> list[Note]:
        return [Note(f"{what} {name}", why) for name in names]

    source = Side.SUPABASE
    triggers = await context.fetch(source, checked.event_triggers)
    servers = await context.fetch(source, checked.foreign_servers)
    large = await context.value(source, checked.large_objects)
    schemas = await context.names(source, queries.platform_schemas)
    if with_users:
        schemas = ["auth, but for users and identities" if name == "auth" else name for name in schemas]
    return [
        *notes(schemas, "schema", "belongs to Supabase's platform"),
        *notes(await context.names(source, queries.publications), "publication", "feeds Supabase Realtime or another"),
        *[
            Note(name, "the table that it is on belongs to Supabase's platform")
            for name in await context.names(source, checked.platform_objects)
        ],
        *notes([name for name, _ in triggers], "event trigger", "belongs to the platform, or needs its superuser"),
        *notes(missing, "extension", "the target does not offer it"),
        *notes([name for name, _ in servers], "foreign server", "its rows and passwords are elsewhere"),
        *notes(await context.names(source, checked.unlogged_tables), "rows of", "unlogged: its changes write no WAL"),
        *([Note(f"{large:,} large objects", "logical replication does not carry them")] if large else []),
    ]


async def _missing_extensions(context: Context) -> list[str]:
    if Side.AWS not in context.connections:
        return []
    offered = set(await context.names(Side.AWS, checked.available_extensions))
    wanted = await context.names(Side.SUPABASE, checked.extensions)
    return [name for name in wanted if name not in offered]
