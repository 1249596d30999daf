"""Whether two servers hash and print equal values alike, and what to do for the types where they do not."""

from psycopg import AsyncConnection

from cyphr.foundation.cancellation import together
from cyphr.foundation.errors import VerificationFailed
from cyphr.foundation.queries import read_sql
from cyphr.migrate.database.verify.hashes import AS_PRINTED, SEED
from cyphr.migrate.database.verify.view import Shape


async def tables_to_compare_as_text(
    source: AsyncConnection, target: AsyncConnection, shapes: dict[tuple[str, str], Shape]
) -> frozenset[tuple[str, str]]:
    """The tables with a column whose type the two servers hash unlike, or all when they store text unlike.

    Raises VerificationFailed when equal values do not even print alike.
    """
    ours, theirs = await together((_vectors(source), _vectors(target)))
    if ours[AS_PRINTED][1] != theirs[AS_PRINTED][1]:
        raise VerificationFailed(
            "the two servers print equal values differently, so their rows cannot be compared; "
            "report both servers' versions",
        )
    encodings = await together((_encoding(source), _encoding(target)))
    if encodings[0] != encodings[1]:
        return frozenset(shapes)
    unlike = {kind for kind, vector in ours.items() if vector != theirs[kind]}
    return frozenset(
        name for name, shape in shapes.items() if unlike & {column.kind for column in shape.columns.values()}
    )


async def _vectors(connection: AsyncConnection) -> dict[int, tuple[int, str | None]]:
    query = read_sql("cyphr.migrate.database.sql", "calibration.sql")
    cursor = await connection.execute(query, {"seed": SEED})
    return {kind: (hashed, line) for kind, hashed, line in await cursor.fetchall()}


async def _encoding(connection: AsyncConnection) -> str:
    cursor = await connection.execute("select current_setting('server_encoding')")
    row = await cursor.fetchone()
    assert row is not None
    return str(row[0])
