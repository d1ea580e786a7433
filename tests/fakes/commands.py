"""Commands that files of the stack name, held to those that ``cityops`` has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import typer.main

from ops_api.cli import app


@cache
def _command_line() -> Any:
    """All commands; building them takes a while."""
    return typer.main.get_command(app)


def must_be_a_command(words: Sequence[str]) -> None:
    """Fail where ``cityops WORDS`` is no command with options that it has."""
    command, rest = _command_line(), list(words)
    while rest and hasattr(command, "commands"):
        word = rest.pop(0)
        assert word in command.commands, f"cityops has no command {word!r} ({' '.join(words)})"
        command = command.commands[word]
    assert not hasattr(command, "commands"), f"{' '.join(words)} is a group"
    assert command.make_context(words[0], rest).args == []
