#!/usr/bin/env python3
"""Writes the files that are made from others: run it after a change to the schema, a route, a setting, an error, a
command or an event, and commit the result.

scripts/generate.py            write them
scripts/generate.py --check    write nothing; exit code 1 when one of them is not what it would be
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from pydantic import SecretStr

import reference
from cyphr.embedded.binaries import binary
from cyphr.embedded.databases import (
    DATABASES,
    OWNERS,
    SUPERUSERS,
    install_compatibility,
    prepare_app_role,
    shape_server,
)
from cyphr.embedded.mailbox import Mailbox
from cyphr.embedded.postgres import PostgresCluster
from cyphr.embedded.secrets import SecretFolder
from cyphr.foundation.postgres import Side, connect
from cyphr.foundation.settings import MessengerSettings, PostgresSettings
from cyphr.messenger.http import create_app
from cyphr.schema.apply import apply_schema

ROOT = Path(__file__).resolve().parent.parent
OPENAPI = ROOT / "docs/reference/openapi.json"
SNAPSHOT = ROOT / "src/cyphr/schema/snapshot.sql"

_LIBPQ = {
    "HOST": "host",
    "PORT": "port",
    "DATABASE": "dbname",
    "USER": "user",
    "PASSWORD": "password",
    "SSLMODE": "sslmode",
}
_SNAPSHOT_HEAD = (
    "-- The whole schema, for readers; the truth is in migrations/ and its neighbours. Made by scripts/generate.py.\n"
)
# What differs from one run or one patch release to the next.
_NOISE = re.compile(r"^(\\(un)?restrict .*|-- Dumped .*|--|-- PostgreSQL database dump.*)\n", re.MULTILINE)


async def main() -> int:
    check = _arguments().check
    with tempfile.TemporaryDirectory(prefix="cyphr-generate-") as folder:
        made = {
            OPENAPI: openapi(Path(folder)),
            SNAPSHOT: await snapshot(Path(folder) / "postgres"),
            **reference.pages(),
        }
    stale = [path for path, text in made.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)} {'is out of date: run scripts/generate.py' if check else 'written'}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path])
    return 1 if stale and check else 0


def openapi(folder: Path) -> str:
    """The description of the messenger's HTTP API."""
    nowhere = PostgresSettings(host="127.0.0.1", dbname="none", user="none", password=SecretStr("none"))
    settings = MessengerSettings(aws_database=nowhere, token_key_file=SecretFolder(folder).token_key())
    return json.dumps(create_app(settings, mail=Mailbox()).openapi(), indent=2, ensure_ascii=False) + "\n"


async def snapshot(folder: Path) -> str:
    """The schema as pg_dump shows it, from a server on which all of it was applied."""
    cluster = PostgresCluster(18, folder, superuser=SUPERUSERS[Side.AWS], password=SecretStr("snapshot"), durable=False)
    try:
        await cluster.start()
        password = SecretStr("snapshot")
        await shape_server(cluster, Side.AWS, password)
        owner = cluster.settings(DATABASES[Side.AWS], OWNERS[Side.AWS], password)
        async with await connect(owner) as connection:
            await install_compatibility(connection)
            await prepare_app_role(connection, password)
            await apply_schema(connection)
        return await asyncio.to_thread(_dump, owner)
    finally:
        await cluster.destroy()


def _dump(owner: PostgresSettings) -> str:
    schemas = [f"--schema={name}" for name in ("public", "private", "cyphr")]
    reach = owner.connection_arguments()
    environment = {f"PG{name}": str(reach[key]) for name, key in _LIBPQ.items()}
    result = subprocess.run(
        [binary(18, "pg_dump"), "--schema-only", "--no-owner", *schemas],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    text = _NOISE.sub("", result.stdout)
    return _SNAPSHOT_HEAD + re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
