"""A process that has imported the functions' handlers, and becomes a container whenever one is asked for.

``start`` makes it and a launcher, which is run instead of Python. A launcher hands over its own input, output, folder
and environment, and ends as the container does; when it is killed, so is the container.
"""

import importlib
import json
import os
import runpy
import selectors
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, suppress
from pathlib import Path
from typing import Any

# Python without what it imports by itself starts in a few milliseconds.
_LAUNCHER = """#!/bin/sh
exec {python} -IS -c '
import json, os, socket, sys
request = {{"script": sys.argv[2], "folder": os.getcwd(), "environment": dict(os.environ)}}
with socket.socket(socket.AF_UNIX) as door:
    folder, name = os.path.split(sys.argv[1])
    os.chdir(folder)
    door.connect(name)
    socket.send_fds(door, [json.dumps(request).encode() + b"\\n"], [0, 1, 2])
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    os._exit(int(door.recv(16) or 1))
' {door} "$@"
"""


def start(folder: Path) -> tuple["subprocess.Popen[bytes]", Path]:
    """Start one that ends when its standard input does, as it does with us; it, and its launcher: a program that is run
    with a script, as Python would be. Both keep what they need in ``folder``.
    """
    path, launcher = folder / "nursery", folder / "container"
    with socket.socket(socket.AF_UNIX) as door:
        path.unlink(missing_ok=True)
        with chdir(folder):  # a socket's path may have a hundred letters
            door.bind(path.name)
        door.listen()
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", __name__, str(door.fileno())], stdin=subprocess.PIPE, pass_fds=[door.fileno()]
        )
    launcher.write_text(_LAUNCHER.format(python=shlex.quote(sys.executable), door=shlex.quote(str(path))))
    launcher.chmod(0o700)
    return process, launcher


class Nursery:
    """Has one thread, because it forks."""

    def __init__(self, door: socket.socket) -> None:
        self._door = door
        self._warm = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(door, selectors.EVENT_READ, self._let_in)
        self._selector.register(sys.stdin, selectors.EVENT_READ, sys.exit)

    def serve(self) -> None:
        """Until whoever started it ends."""
        while True:
            for key, _ in self._selector.select():
                act: Callable[[], None] = key.data
                act()

    def _let_in(self) -> None:
        launcher, _ = self._door.accept()
        try:
            request, descriptors = _receive(launcher)
        except ValueError:  # killed before it had said what it wants
            launcher.close()
            return
        if not self._warm:
            _import_handlers()
            self._warm = True
        alive, held = os.pipe()
        pid = os.fork()
        if pid == 0:
            launcher.close()
            self._door.close()
            self._selector.close()
            _become(request, descriptors)
        for descriptor in (held, *descriptors):
            os.close(descriptor)
        self._watch(launcher, pid, alive)

    def _watch(self, launcher: socket.socket, pid: int, alive: int) -> None:
        def over() -> None:
            if launcher.fileno() < 0:
                return  # both came to their end at once
            self._selector.unregister(alive)
            self._selector.unregister(launcher)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.close(alive)
            with launcher, suppress(OSError):
                launcher.send(str(code if code >= 0 else 128 - code).encode())

        # The pipe is at its end when the container is; the socket when the launcher was killed.
        self._selector.register(alive, selectors.EVENT_READ, over)
        self._selector.register(launcher, selectors.EVENT_READ, over)


def _receive(launcher: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """What a launcher asks for. Raises ValueError when it says nothing more."""
    text, descriptors, _, _ = socket.recv_fds(launcher, 1 << 16, 3)
    while not text.endswith(b"\n"):
        more = launcher.recv(1 << 16)
        if not more:
            for descriptor in descriptors:
                os.close(descriptor)
            raise ValueError("the launcher is gone")
        text += more
    request: dict[str, Any] = json.loads(text)
    return request, descriptors


def _import_handlers() -> None:
    os.environ.setdefault("AWS_LAMBDA_FUNCTION_NAME", "nursery")  # imported as in a container
    from cyphr.embedded.functions import HANDLERS, TRIGGER_HANDLERS  # not before it is needed: it takes a second

    for handler in (*HANDLERS, *TRIGGER_HANDLERS):
        with suppress(Exception):  # its container will say what is wrong
            importlib.import_module(f"cyphr.messenger.lambdas.{handler}")


def _become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Run the script as a process of its own would, and end."""
    code: Any = 1
    try:
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv = [request["script"]]
        runpy.run_path(request["script"], run_name="__main__")
        code = 0
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        Nursery(listening).serve()
