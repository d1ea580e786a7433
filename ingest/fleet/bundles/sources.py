"""What goes into a bundle: a folder as it is, or the agent's part of a wheel with the wheels that it needs."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from cityops.errors import ConfigurationError

AGENT = ("devices/", "cityops/")
"""Of our own wheel; the server's packages stay at home."""
NOT_AGENT = ("cityops/db/", "cityops/embedded/")
_SKIPPED = ("__pycache__", ".pyc")


def from_folder(folder: Path) -> dict[str, bytes]:
    """Return the files below ``folder/code`` and ``folder/site`` by path; ConfigurationError for links and the like."""
    found: dict[str, bytes] = {}
    for top in ("code", "site"):
        for path in sorted((folder / top).rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise ConfigurationError(f"{path}: a bundle has plain files only")
            if path.is_file() and not any(part in name for part in _SKIPPED):
                found[name] = path.read_bytes()
    if not found:
        raise ConfigurationError(f"{folder} has neither code/ nor site/ with files in it")
    return found


def from_wheels(own: Path, needed: Iterable[Path] = ()) -> dict[str, bytes]:
    """Return the agent's code out of our wheel, and whole wheels of libraries, by path."""
    found = {
        f"code/{name}": body
        for name, body in _members(own).items()
        if name.startswith(AGENT) and not name.startswith(NOT_AGENT)
    }
    if "code/devices/agent/__main__.py" not in found:
        raise ConfigurationError(f"{own} is no wheel of cityops: it has no devices/agent")
    for wheel in needed:
        for name, body in _members(wheel).items():
            place = f"site/{_library(name)}"
            if found.get(place, body) != body:
                raise ConfigurationError(f"{wheel}: {name} is in another wheel, too, and differs")
            found[place] = body
    return found


def _library(name: str) -> str:
    """Return where a wheel's file goes: ``*.data/purelib`` is the library itself (PEP 427)."""
    top, _, rest = name.partition("/")
    if top.endswith(".data"):
        sort, _, inner = rest.partition("/")
        return inner if sort in ("purelib", "platlib") else name
    return name


def _members(wheel: Path) -> Mapping[str, bytes]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return {i.filename: archive.read(i) for i in archive.infolist() if not i.is_dir()}
    except (OSError, zipfile.BadZipFile) as e:
        raise ConfigurationError(f"{wheel} is no wheel: {e}") from e
