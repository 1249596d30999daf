"""Verify: every object of both sides is read whole and compared; rows without objects, and the reverse, are listed."""

from cyphr.foundation.postgres import Side
from cyphr.migrate.files.store import Content
from cyphr.migrate.files.synchronisation import Synchronisation, all_of, queries
from cyphr.migrate.service import Verification

_ROUNDS = 3
_AT_ONCE = 32
_ONLY = "only on"


async def verify_objects(synchronisation: Synchronisation, source: Side) -> Verification:
    """Compare both sides by size, SHA-256 and attributes, while objects come and go.

    What differs is followed up and compared once more, because it may have changed between two readings.
    """
    keys = sorted({*await synchronisation.list_side(Side.SUPABASE), *await synchronisation.list_side(Side.AWS)})
    differing = await _compare(synchronisation, keys)
    for _ in range(_ROUNDS - 1):
        if not differing:
            break
        # What is on both sides but unlike is copied again, even though the journal thinks that it was.
        await synchronisation.forget(key for key, difference in differing.items() if not difference.startswith(_ONLY))
        await synchronisation.run(source)
        differing = await _compare(synchronisation, sorted(differing))
    differences = [f"{key}: {difference}" for key, difference in differing.items()]
    return Verification(len(keys), differences, await _orphans(synchronisation))


async def _compare(synchronisation: Synchronisation, keys: list[str]) -> dict[str, str]:
    differing: dict[str, str] = {}
    for start in range(0, len(keys), _AT_ONCE):
        batch = keys[start : start + _AT_ONCE]
        found = await all_of(_difference(synchronisation, key) for key in batch)
        differing |= {key: difference for key, difference in zip(batch, found, strict=True) if difference is not None}
    return differing


async def _difference(synchronisation: Synchronisation, key: str) -> str | None:
    if key.partition("/")[0] not in synchronisation.buckets:
        return f"{_ONLY} aws, under the name of no Supabase bucket"
    supabase = await synchronisation.read_object(Side.SUPABASE, key)
    aws = await synchronisation.read_object(Side.AWS, key)
    if supabase is None or aws is None:
        return None if supabase is aws else f"{_ONLY} {Side.AWS if supabase is None else Side.SUPABASE}"
    return _content_difference(supabase, aws)


def _content_difference(supabase: Content, aws: Content) -> str | None:
    if supabase.size != aws.size:
        return f"{supabase.size} bytes on supabase, {aws.size} on aws"
    if supabase.sha256 != aws.sha256:
        return "the bytes differ (SHA-256)"
    names = [
        name
        for name in sorted(supabase.attributes.keys() | aws.attributes.keys())
        if supabase.attributes.get(name) != aws.attributes.get(name)
    ]
    return f"{', '.join(names)} differs" if names else None


async def _orphans(synchronisation: Synchronisation) -> list[str]:
    listed = await (
        await synchronisation.storage.execute(queries.list_object_rows, [synchronisation.buckets])
    ).fetchall()
    rows = {key for (key,) in listed}
    objects = (await synchronisation.list_side(Side.SUPABASE)).keys()
    return [f"{key}: a row of storage.objects without an object" for key in sorted(rows - objects)] + [
        f"{key}: an object without a row of storage.objects" for key in sorted(objects - rows)
    ]
