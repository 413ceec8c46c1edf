"""The `eo` command, called in this process, and what every refusal has in common."""

from pathlib import Path

from click.testing import CliRunner, Result

from eo.__main__ import main


def eo(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], prog_name="eo")


def succeeds(*arguments: str | Path) -> str:
    """Give what a command prints that must end well and say nothing on standard error."""
    result = eo(*arguments)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def refusal(*arguments: str | Path, code: int = 2) -> str:
    """Give the one line of a command that must refuse: nothing but that line, and no exception behind it."""
    result = eo(*arguments)
    assert isinstance(result.exception, SystemExit), result.exc_info
    assert (result.exit_code, result.stdout) == (code, "")
    return single_line(result.stderr)


def single_line(said: str) -> str:
    assert said.startswith("error: ")
    assert said.endswith("\n")
    assert said.count("\n") == 1
    return said.removeprefix("error: ").rstrip("\n")
