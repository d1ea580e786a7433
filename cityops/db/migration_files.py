"""The SQL files that make the database: found, checked and described."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from cityops.errors import InvariantError

_NAME = re.compile(r"^(?P<version>\d{4})_(?P<title>[a-z0-9_]+)\.sql$")
NO_TRANSACTION = "-- no-transaction"
"""First line of a migration whose statements refuse to run in a transaction."""


@dataclass(frozen=True, slots=True)
class SqlFile:
    """One SQL file.

    Attributes:
        name: file name without the folder and ``.sql``.
        text: the SQL.
        checksum: SHA-256 of the text with unix line ends, hexadecimal.
    """

    name: str
    text: str
    checksum: str

    @property
    def transactional(self) -> bool:
        """Whether it runs in one transaction."""
        return not self.text.startswith(NO_TRANSACTION)


def sql_file(name: str, text: str) -> SqlFile:
    """Return a file from its name and text."""
    text = text.replace("\r\n", "\n")
    return SqlFile(name, text, hashlib.sha256(text.encode()).hexdigest())


@cache
def migrations(package: str = "cityops.db") -> tuple[SqlFile, ...]:
    """Return ``migrations/NNNN_title.sql`` in order.

    Raises:
        InvariantError: for a file named otherwise, or a number missing or there twice.
    """
    files = _folder(package, "migrations")
    numbers = []
    for file in files:
        match = _NAME.match(f"{file.name}.sql")
        if match is None:
            raise InvariantError(f"migration {file.name}.sql: must be named NNNN_title.sql")
        numbers.append(int(match["version"]))
    if numbers != list(range(1, len(numbers) + 1)):
        raise InvariantError(f"migrations are numbered {numbers}; they must count up from 1")
    return files


@cache
def routines(package: str = "cityops.db") -> tuple[SqlFile, ...]:
    """Return ``routines/*.sql`` in the order of their names."""
    return _folder(package, "routines")


def _folder(package: str, folder: str) -> tuple[SqlFile, ...]:
    directory = resources.files(package).joinpath(folder)
    if not directory.is_dir():
        return ()
    names = sorted(entry.name for entry in directory.iterdir() if entry.name.endswith(".sql"))
    return tuple(
        sql_file(name.removesuffix(".sql"), directory.joinpath(name).read_text(encoding="utf-8"))
        for name in names
    )
