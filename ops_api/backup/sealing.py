"""Files encrypted by a command of the operator's choice: plain on standard input, sealed on standard output."""

from __future__ import annotations

import os
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cityops.errors import ConfigurationError

ENDING = ".sealed"


def seal(folder: Path, command: str, jobs: int) -> None:
    """Replace every file below ``folder`` by its sealed twin.

    Raises:
        ConfigurationError: the command can't be run, fails, or writes what it was given.
    """
    plain = [path for path in folder.rglob("*") if path.is_file()]
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda path: _seal_one(path, command), plain))


def unseal(folder: Path, target: Path, command: str, jobs: int) -> None:
    """Write what is sealed below ``folder`` to ``target``, by the command that opens it.

    Raises:
        ConfigurationError: as :func:`seal`.
    """
    sealed = [path for path in folder.rglob(f"*{ENDING}") if path.is_file()]

    def open_one(path: Path) -> None:
        plain = target / path.relative_to(folder).with_name(path.name.removesuffix(ENDING))
        plain.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _through(command, path, plain, "CITYOPS_BACKUP__DECRYPT_COMMAND")

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(open_one, sealed))


def _seal_one(path: Path, command: str) -> None:
    sealed = path.with_name(path.name + ENDING)
    _through(command, path, sealed, "CITYOPS_BACKUP__ENCRYPT_COMMAND")
    with path.open("rb") as plain, sealed.open("rb") as other:
        if path.stat().st_size > 0 and plain.read(64) == other.read(64):
            raise ConfigurationError(
                "CITYOPS_BACKUP__ENCRYPT_COMMAND writes what it was given: nothing is encrypted"
            )
    path.unlink()


def _through(command: str, source: Path, target: Path, setting: str) -> None:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigurationError(f"{setting}: {error}") from error
    if not words:
        raise ConfigurationError(f"{setting} is not set")
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with source.open("rb") as given, os.fdopen(descriptor, "wb") as taken:
        try:
            done = subprocess.run(words, stdin=given, stdout=taken, stderr=subprocess.PIPE, check=False)
        except OSError as error:
            raise ConfigurationError(f"{setting}: {words[0]}: {error.strerror}") from error
    if done.returncode != 0:
        why = " ".join(done.stderr.decode("utf-8", "replace").split())[-300:]
        raise ConfigurationError(f"{setting}: {words[0]} failed (exit code {done.returncode}): {why}")
