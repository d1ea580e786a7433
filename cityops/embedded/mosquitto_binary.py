"""Finding the ``mosquitto`` program and its version."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cityops.embedded.mosquitto_files import Version
from cityops.errors import ConfigurationError

UNPACKED = "mosquitto"
"""Folder below the data directory into which `make` unpacks the distribution's packages."""

_PLACES = (
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/sbin",
    "/opt/homebrew/opt/mosquitto/sbin",
    "/usr/local/opt/mosquitto/sbin",
    "/home/linuxbrew/.linuxbrew/sbin",
)
_VERSION = re.compile(r"mosquitto version (\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Binary:
    """A usable program.

    Attributes:
        path: of the program.
        version: as it reports it.
        env: environment variables it needs.
    """

    path: Path
    version: Version
    env: Mapping[str, str]


def find_mosquitto(data_dir: Path | None = None) -> Binary:
    """Return the first program that runs: PATH, the usual folders, unpacked below ``data_dir``.

    Raises:
        ConfigurationError: where there is none.
    """
    on_path = shutil.which("mosquitto")
    candidates: list[tuple[Path, dict[str, str]]] = []
    if on_path is not None:
        candidates.append((Path(on_path), {}))
    candidates += [(Path(place) / "mosquitto", {}) for place in _PLACES]
    if data_dir is not None:
        candidates.append(_unpacked(data_dir / UNPACKED))
    for path, env in candidates:
        version = _version(path, env) if os.access(path, os.X_OK) else None
        if version is not None:
            return Binary(path, version, env)
    raise ConfigurationError(
        "no mosquitto found; run `make setup`, install it (apt install mosquitto, brew install mosquitto), "
        "or set CITYOPS_MQTT__HOST to a broker of yours"
    )


def _unpacked(folder: Path) -> tuple[Path, dict[str, str]]:
    libraries = [folder / "usr" / "lib", *sorted((folder / "usr" / "lib").glob("*-linux-*")), folder / "lib"]
    path = [str(library) for library in libraries if library.is_dir()]
    return folder / "usr" / "sbin" / "mosquitto", {"LD_LIBRARY_PATH": ":".join(path)}


def _version(path: Path, env: Mapping[str, str]) -> Version | None:
    try:
        done = subprocess.run(
            [path, "-h"], env=os.environ | dict(env), capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(done.stdout + done.stderr)
    return (int(match[1]), int(match[2]), int(match[3])) if match is not None else None
