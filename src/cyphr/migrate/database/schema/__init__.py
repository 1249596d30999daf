"""The schema: taken from one database, restored on another, and compared."""

from cyphr.migrate.database.schema.difference import SchemaObject, compare_schemas, fingerprint, read_objects
from cyphr.migrate.database.schema.dump import STEPS, SchemaScripts, dump_schema
from cyphr.migrate.database.schema.restore import (
    Restorer,
    demand_needs,
    ensure_extensions,
    ensure_roles,
    finished_steps,
    refresh_views,
    validate_references,
)

__all__ = [
    "STEPS",
    "Restorer",
    "SchemaObject",
    "SchemaScripts",
    "compare_schemas",
    "demand_needs",
    "dump_schema",
    "ensure_extensions",
    "ensure_roles",
    "fingerprint",
    "finished_steps",
    "read_objects",
    "refresh_views",
    "validate_references",
]
