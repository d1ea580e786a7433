"""Where cityops keeps its own data on this machine."""

from __future__ import annotations

import os
from pathlib import Path

ROOT_DATA_DIR = Path("/var/lib/cityops")
"""For root: PostgreSQL runs as another user there and could not enter root's home."""


def default_data_dir() -> Path:
    """Return the data directory used where the setting ``data_dir`` is not given.

    ``$XDG_DATA_HOME/cityops`` or ``~/.local/share/cityops``; for root
    ``/var/lib/cityops``. Nothing is created.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return ROOT_DATA_DIR
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "cityops"
