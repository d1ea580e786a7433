"""What the commands do: settings in, back-up or outcome out, and a line in the database's book."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cityops.errors import CityopsError
from cityops.settings import Settings
from ops_api.backup import dump, record, restore
from ops_api.backup.again import again_in
from ops_api.backup.manifest import Manifest
from ops_api.backup.names import name_at
from ops_api.backup.outside import Outside
from ops_api.backup.session import of_database
from ops_api.backup.target import drop_database

TRIAL = "cityops_trial_"
"""Start of the names of databases that a back-up is tried in."""


def outside_of(settings: Settings) -> Outside:
    """Return what is to be kept beside the database."""
    return Outside(settings.data_dir, settings.kinds_dir)


def make(settings: Settings, dsn: str, folder: Path, jobs: int | None) -> tuple[Manifest, str]:
    """Make a back-up and write it down; return it, and why it could not be written down or nothing.

    Raises:
        ConfigurationError, TransientError: see ``dump.create``; written down too, where the database answers.
    """
    backup = settings.backup
    order = dump.Order(
        folder=folder, jobs=jobs or backup.jobs, programs=backup.programs, encrypt=backup.encrypt_command,
        outside=outside_of(settings),
    )  # fmt: skip
    started_at = datetime.now(UTC)
    try:
        manifest = dump.create(dsn, order, lambda: datetime.now(UTC))
    except CityopsError as error:
        record.note_failed(dsn, name_at(started_at), started_at, folder, str(error))
        raise
    return manifest, record.note_made(dsn, manifest, folder)


def try_out(settings: Settings, dsn: str, source: Path, jobs: int | None) -> restore.Outcome:
    """Restore a back-up into a database of its own on the same server, compare, drop it, and write that down."""
    name = TRIAL + secrets.token_hex(4)
    outcome = restore.restore(dsn, _order(settings, source, jobs, name, None))
    drop_database(dsn, name)
    different = (
        f"{len(outcome.different)} differences after a restore: {outcome.different[0]}"
        if outcome.different
        else ""
    )
    record.note_checked(dsn, outcome.manifest.name, different)
    return outcome


def bring_back(
    settings: Settings, dsn: str, source: Path, jobs: int | None, into_new: str | None
) -> restore.Outcome:
    """Restore a back-up, and the files beside the database that are missing here; then let go and delete again."""
    from ops_api.wiring import kinds_of

    outcome = restore.restore(dsn, _order(settings, source, jobs, into_new, outside_of(settings)))
    place, since = of_database(dsn, outcome.database), outcome.manifest.started_at
    return replace(outcome, told=(*outcome.told, again_in(settings, place, kinds_of(settings), since)))


def _order(
    settings: Settings, source: Path, jobs: int | None, into_new: str | None, outside: Outside | None
) -> restore.Order:
    backup = settings.backup
    return restore.Order(
        source=source, jobs=jobs or backup.jobs, programs=backup.programs, decrypt=backup.decrypt_command,
        into_new=into_new, outside=outside,
    )  # fmt: skip
