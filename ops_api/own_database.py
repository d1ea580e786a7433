"""The embedded database that runs on this machine just now."""

from __future__ import annotations

from pathlib import Path

from cityops.embedded.postgres import running_dsn

DEMO_FOLDER = "demo"
"""Below the data directory: what ``cityops demo`` keeps, apart from all else."""


def running_database(data_dir: Path) -> str | None:
    """Return the connection string of the embedded server on ``data_dir``, else of a demo there, or None."""
    return running_dsn(data_dir) or running_dsn(data_dir / DEMO_FOLDER)
