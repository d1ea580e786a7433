"""What a back-up says of itself: ``manifest.json``. Pure but for hashing files."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

import msgspec

FILE = "manifest.json"
FORMAT = 1
"""Changes when an older version could not restore from it any more."""
_CHUNK = 1 << 20


class Entry(msgspec.Struct, frozen=True):
    """A file: path below the back-up, size [bytes], SHA-256 in hexadecimal."""

    path: str
    bytes: int
    sha256: str


class Role(msgspec.Struct, frozen=True):
    """A role of the cluster that owns something here or may do something; ``member_of`` others of these.

    ``inherits``: whether it has their rights without taking them; the website's login does not.
    """

    name: str
    login: bool
    member_of: tuple[str, ...] = ()
    inherits: bool = True


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All of it.

    Attributes:
        name: of the back-up.
        cityops: version that made it.
        server, timescaledb: versions of the database, ``18.4`` and ``2.29.2``.
        dump: version of pg_dump.
        schema: the newest migration in it.
        database, owner, database_bytes: name, whose it was, and size on the server's disk.
        wal_lsn: where the write-ahead log stood when the snapshot was taken.
        compression: as pg_dump was told, ``zstd:3``.
        sealed: whether files are encrypted with the setting's command.
        roles, entry: to be there before it is restored; who beside the owner may do what with the database as such.
        files: of the folder, this one left out.
        facts: what the database held, see ``ops_api.backup.facts``.
        included, named: what lies outside the database: copied into it, and what an operator must keep himself.
    """

    format: int = FORMAT
    name: str
    cityops: str
    started_at: datetime
    ended_at: datetime
    server: str
    timescaledb: str | None
    dump: str
    schema: str
    database: str
    owner: str
    database_bytes: int
    wal_lsn: str
    compression: str
    sealed: bool
    roles: tuple[Role, ...]
    entry: tuple[tuple[str, str], ...]
    files: tuple[Entry, ...]
    facts: dict[str, str]
    included: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """Size of all files of it."""
        return sum(entry.bytes for entry in self.files)


def encode(manifest: Manifest) -> bytes:
    """Return it as JSON that a person can read."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def decode(text: bytes) -> Manifest:
    """Return the manifest.

    Raises:
        ValueError: it is none, or one of a newer format.
    """
    found = msgspec.json.decode(text, type=Manifest)
    if found.format > FORMAT:
        raise ValueError(f"format {found.format} is newer than this cityops knows ({FORMAT})")
    return found


def entries(folder: Path) -> tuple[Entry, ...]:
    """Return every file below ``folder`` with size and hash, in the order of paths."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.relative_to(folder).as_posix() != FILE)
    return tuple(Entry(p.relative_to(folder).as_posix(), p.stat().st_size, sha256_of(p)) for p in paths)


def damage(folder: Path, manifest: Manifest) -> list[str]:
    """Return in words what of the files is not as the manifest has it; nothing where all is."""
    wanted = {entry.path: entry for entry in manifest.files}
    found = {entry.path: entry for entry in entries(folder)}
    missing = [f"{path} is missing" for path in wanted if path not in found]
    strange = [f"{path} does not belong to it" for path in found if path not in wanted]
    changed = [f"{path} has changed" for path, entry in wanted.items() if found.get(path, entry) != entry]
    return missing + changed + strange


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
