"""What lies outside the database: copied into the back-up where it is here, else named for the operator."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

FILES = "files"
KEYS, KINDS = "evidence", "kinds"

NAMED = (
    "passwords, and the certificates of broker and web server (deploy/secrets, /run/secrets): keep them in your password store",
    "the broker's password and access files (deploy/mosquitto): in your configuration; devices' logins can be made anew",
    "the broker's retained messages and queues: not needed; devices tell their state anew, and send what has no receipt",
    "Grafana's users and what was clicked together there; our boards come from the code",
    "the settings of this installation (.env, CITYOPS_CONFIG): in your configuration",
)
"""What a back-up does not hold, each with where it comes from."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Folders of this machine that belong to the installation.

    Attributes:
        data_dir: the data folder; below it the key that signs evidence.
        kinds_dir: further kinds of device, or None.
    """

    data_dir: Path
    kinds_dir: Path | None

    @property
    def folders(self) -> dict[str, Path]:
        """What is copied, by its name in the back-up."""
        kinds = {} if self.kinds_dir is None else {KINDS: self.kinds_dir}
        return {KEYS: self.data_dir / KEYS} | kinds


def copy_out(outside: Outside, target: Path) -> tuple[str, ...]:
    """Copy what there is to ``target``/files and return its names; files are closed to others."""
    copied = []
    for name, source in outside.folders.items():
        if source.is_dir():
            shutil.copytree(source, target / FILES / name, ignore=shutil.ignore_patterns("__pycache__"))
            copied.append(name)
    close(target)
    return tuple(copied)


def put_back(outside: Outside, source: Path) -> list[str]:
    """Copy back what is missing here and return what was done in words; nothing here is overwritten."""
    told = []
    for name, target in outside.folders.items():
        kept = source / FILES / name
        if not kept.is_dir():
            continue
        for path in sorted(p for p in kept.rglob("*") if p.is_file()):
            place = target / path.relative_to(kept)
            if not place.exists():
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                shutil.copy2(path, place)
                told.append(f"{place} put back")
            elif place.read_bytes() != path.read_bytes():
                told.append(f"{place} differs from the back-up's and was left; the other is {path}")
    return told


def close(folder: Path) -> None:
    """Take every right on ``folder`` and what is below it from others than its owner."""
    folder.chmod(0o700)
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
