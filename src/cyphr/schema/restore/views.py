"""A view in the backup: nothing to load, but its row tells what the loaded tables should add up to."""

from psycopg import AsyncConnection, sql

from cyphr.foundation.errors import Conflict
from cyphr.schema.restore.catalogue import Relation
from cyphr.schema.restore.formats import TableFile
from cyphr.schema.restore.staging import find_difference, stage


async def check_view(connection: AsyncConnection, file: TableFile, relation: Relation) -> list[str]:
    """Compare a one-row view with its file; warnings.

    A total (``total_…``) that disagrees is a Conflict: rows are missing or too many. Another figure that disagrees is
    only a warning, for the view holds no data of its own and the original may have computed it at another moment.
    """
    staged = await stage(connection, file, relation)
    if len(file.rows) != 1:
        return [f"{file.path.name} was not compared: {relation.name} is a view, and the file has {len(file.rows)} rows"]
    warnings: list[str] = []
    difference = await find_difference(connection, staged)
    for name in difference[1] if difference else []:
        column = sql.Identifier(name)
        cursor = await connection.execute(
            sql.SQL("select s.{0}::text, v.{0}::text from {1} s, {2} v").format(column, staged.table, staged.target)
        )
        stated, computed = await cursor.fetchone() or (None, None)
        said = f"{file.path.name}, row 1, column {name}: the backup says {stated}, the loaded rows give {computed}"
        if name.startswith("total_"):
            raise Conflict(f"{said}. Rows are missing, or the database holds others. Nothing was loaded.", column=name)
        warnings.append(said)
    return warnings
