"""An error of ours becomes a message and an exit code; never a traceback."""

from pathlib import Path

from typer.testing import CliRunner

from cyphr.cli.main import app


def test_an_error_is_one_message_on_stderr_and_exit_code_1() -> None:
    result = CliRunner().invoke(app, ["up", "--folder", "/proc/cyphr"])
    assert result.exit_code == 1
    assert result.stderr.startswith("error (not_allowed) cannot keep a stack in /proc/cyphr")
    assert "Traceback" not in result.output


def test_a_wrong_call_is_exit_code_2() -> None:
    assert CliRunner().invoke(app, ["up", "--port", "70000"]).exit_code == 2
    assert CliRunner().invoke(app, ["fly"]).exit_code == 2


def test_stopping_what_does_not_run_is_no_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["down", "--folder", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (0, "nothing was running\n")
