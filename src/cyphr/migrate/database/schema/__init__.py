"""The schema: taken from one database, restored on another, and compared."""

from cyphr.migrate.database.schema.difference import SchemaObject, compare_schemas, fingerprint, read_objects
from cyphr.migrate.database.schema.restore import (
    STEPS,
    SchemaScripts,
    dump_schema,
    ensure_roles,
    finished_steps,
    run_step,
)

__all__ = [
    "STEPS",
    "SchemaObject",
    "SchemaScripts",
    "compare_schemas",
    "dump_schema",
    "ensure_roles",
    "fingerprint",
    "finished_steps",
    "read_objects",
    "run_step",
]
