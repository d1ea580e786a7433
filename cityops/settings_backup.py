"""What an installation sets of its back-ups."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class BackupSettings(BaseModel):
    """Back-ups: where they go, how long they stay (docs/operating.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    folder: Path | None = None
    """Folder that back-ups are made in, closed to other users (mode 700); by default `backups` in the data folder. Have it on
    another disk, and copy it to another place."""
    programs: Path | None = None
    """Folder of pg_dump and pg_restore of the server's major version; by default they are looked for on PATH, in
    `/usr/lib/postgresql`, and among the embedded PostgreSQL's."""
    jobs: int = Field(default=2, ge=1, le=64)
    """Tables that are dumped or restored at the same time."""
    keep_daily: int = Field(default=7, ge=1)
    """Days of which `cityops backup prune` keeps the newest back-up."""
    keep_weekly: int = Field(default=5, ge=0)
    """Weeks of which the newest back-up is kept."""
    keep_monthly: int = Field(default=0, ge=0)
    """Months of which the newest back-up is kept. None by default: households are promised that what they delete is gone from
    back-ups after 35 days (docs/households.md), and five weeks are that."""
    encrypt_command: str = ""
    """Command that encrypts: it reads a file on standard input and writes on standard output, e.g. `age -r age1…`. Empty: files are
    not encrypted, and only the folder's mode protects them."""
    decrypt_command: str = Field(default="", repr=False)
    """The same the other way, e.g. `age -d -i /root/backup.key`. Only who restores needs it; keep that key elsewhere."""
    oldest_h: float = Field(default=26.0, gt=0)
    """Hours after which `cityops doctor` finds the last good back-up too old: a day and two hours."""
