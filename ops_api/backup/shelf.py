"""The folder in which back-ups are: which are there, and which one is meant."""

from __future__ import annotations

import shutil
from pathlib import Path

from cityops.errors import ConfigurationError
from cityops.settings import Settings
from ops_api.backup.manifest import FILE, Manifest
from ops_api.backup.names import PARTIAL, begun_at
from ops_api.backup.restore import read_manifest
from ops_api.backup.retention import Keep, to_remove

LATEST = "latest"


def folder_of(settings: Settings) -> Path:
    """Return the folder of this installation's back-ups."""
    return settings.backup.folder or settings.data_dir / "backups"


def manifests(folder: Path) -> list[Manifest]:
    """Return the manifests of the back-ups in ``folder``, the oldest first; what can't be read is left out."""
    found = []
    for name in names(folder):
        try:
            found.append(read_manifest(folder / name))
        except ConfigurationError:
            continue
    return found


def names(folder: Path) -> list[str]:
    """Return the names of complete back-ups, the oldest first."""
    if not folder.is_dir():
        return []
    return sorted(p.name for p in folder.iterdir() if begun_at(p.name) is not None and (p / FILE).is_file())


def find(folder: Path, what: str) -> Path:
    """Return the back-up that is meant: ``latest``, a name in ``folder``, or a path.

    Raises:
        ConfigurationError: there is none such.
    """
    if what == LATEST:
        known = names(folder)
        if not known:
            raise ConfigurationError(f"{folder}: no back-up there; make one with `cityops backup create`")
        return folder / known[-1]
    for place in (folder / what, Path(what).expanduser().absolute()):
        if (place / FILE).is_file():
            return place
    raise ConfigurationError(f"{what}: no back-up, neither in {folder} nor as a path (`cityops backup list`)")


def prune(folder: Path, keep: Keep, *, dry_run: bool) -> list[str]:
    """Remove what need not be kept, and what was left of cut ones; return the names of what goes."""
    gone = to_remove(names(folder), keep)
    if folder.is_dir():
        begun = sorted(p.name for p in folder.iterdir() if p.name.endswith(PARTIAL))
        newest = max(names(folder), default="")
        gone += [name for name in begun if name < newest]  # an older one is not being made any more
    if not dry_run:
        for name in gone:
            shutil.rmtree(folder / name)
    return gone
