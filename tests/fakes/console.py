"""``cityops rules`` in the test's own process."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass

import pytest

from ops_api.cli import main


@dataclass(frozen=True)
class Done:
    """What became of a command."""

    returncode: int
    stdout: str
    stderr: str


class Console:
    """``cityops rules`` in this process: a new one for each of many commands costs a second."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch
        monkeypatch.setenv("HOME", "/nonexistent")

    async def __call__(self, dsn: str, *words: str) -> Done:
        self._monkeypatch.setenv("CITYOPS_DB__DSN", dsn)
        self._monkeypatch.setattr(sys, "argv", ["cityops", "rules", *words])
        self._capsys.readouterr()
        code = await asyncio.to_thread(_exit_code)
        return Done(code, *self._capsys.readouterr())


def _exit_code() -> int:
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def said(done: Done) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout
