"""Containers of functions are forked from a process that has imported the handlers, and look like programs."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cyphr.embedded.nursery import start

Run = Callable[[str], "subprocess.Popen[str]"]

_PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    process, launcher = start(tmp_path_factory.mktemp("a folder whose name is 'long' " + 80 * "x"))
    with process:
        yield launcher
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(_PATIENCE_SECONDS) == 0


@pytest.fixture
def run(launcher: Path, tmp_path: Path) -> Run:
    def begin(program: str) -> "subprocess.Popen[str]":
        script = tmp_path / "script.py"
        script.write_text(program)
        return subprocess.Popen(
            [launcher, script],
            cwd=tmp_path,
            env={"GIVEN": "1"},
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return begin


def test_a_container_has_its_launchers_input_output_folder_and_environment_and_the_handlers(
    run: Run, tmp_path: Path
) -> None:
    with run(
        "import os, sys, threading\n"
        "print(input(), os.getcwd(), dict(os.environ), 'cyphr.messenger.lambdas.http' in sys.modules)\n"
        "print(threading.active_count(), __name__, file=sys.stderr)"
    ) as container:
        out, errors = container.communicate("hello\n", _PATIENCE_SECONDS)
    assert out.startswith(f"hello {tmp_path} {{'GIVEN': '1'")
    assert out.endswith("True\n")
    assert errors == "1 __main__\n"
    assert container.returncode == 0


@pytest.mark.parametrize(
    ("program", "code"),
    [("raise SystemExit(7)", 7), ("1 / 0", 1), ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137)],
)
def test_a_launcher_ends_as_its_container_does(run: Run, program: str, code: int) -> None:
    with run(program) as container:
        _, errors = container.communicate(timeout=_PATIENCE_SECONDS)
    assert container.returncode == code
    assert ("ZeroDivisionError" in errors) == (program == "1 / 0")


def test_a_container_whose_launcher_is_killed_ends(run: Run) -> None:
    with run("import time; print('here', flush=True); time.sleep(600)") as container:
        assert container.stdout is not None
        assert container.stdout.readline() == "here\n"
        container.terminate()
        assert container.stdout.read() == ""  # the pipe's last holder is gone
