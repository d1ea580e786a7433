"""What the commands say of back-ups. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ops_api.backup.manifest import Manifest
from ops_api.backup.restore import Outcome

SHOWN = 20
NEXT = """Then: point CITYOPS_DB__DSN of every service at it; `cityops db upgrade`; start ingest, rules, notify, API, in that order.
Since the back-up: devices send again what they still keep."""


def size(value: int) -> str:
    """Return a size for a person: ``1.2 GB``."""
    number = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def flavour(manifest: Manifest) -> str:
    """Return ``PostgreSQL 18.4, TimescaleDB 2.29.2``."""
    extension = "" if manifest.timescaledb is None else f", TimescaleDB {manifest.timescaledb}"
    return f"PostgreSQL {manifest.server}{extension}"


def made(manifest: Manifest, place: str) -> str:
    """Return what ``cityops backup create`` says."""
    took_s = (manifest.ended_at - manifest.started_at).total_seconds()
    sealed = (
        "encrypted"
        if manifest.sealed
        else "not encrypted: its folder is closed to others, copies must be too"
    )
    lines = [
        f"{place}",
        f"{size(manifest.database_bytes)} of {flavour(manifest)} in {size(manifest.bytes)}, {took_s:.0f} s, {sealed}",
        f"with it: {', '.join(manifest.included) or 'nothing beside the database'}",
        "not in it:",
        *(f"  {line}" for line in manifest.named),
    ]
    return "\n".join(lines)


def listed(found: Iterable[Manifest], now: datetime) -> str:
    """Return what ``cityops backup list`` says."""
    lines = [
        f"{m.name}  {_age(now, m.started_at):>8} old  {size(m.bytes):>9} of {size(m.database_bytes):>9}  {m.schema}"
        f"  {flavour(m)}{'  encrypted' if m.sealed else ''}"
        for m in found
    ]
    return "\n".join(lines) or "no back-up"


def restored(outcome: Outcome) -> str:
    """Return what ``cityops restore`` says of the database."""
    lines = [
        f"{outcome.manifest.name} is in the database {outcome.database} ({outcome.load_s:.0f} s)",
        *outcome.told,
    ]
    if outcome.waiting is not None:
        lines.append(
            f"{outcome.waiting} batches wait for the rules; their order was told in this server's numbers"
        )
    return "\n".join([*lines, compared(outcome)])


def compared(outcome: Outcome) -> str:
    """Return the result of the comparison, the first differences named."""
    if not outcome.different:
        return f"as it was: {outcome.compared} facts compared ({outcome.check_s:.0f} s)"
    shown = [f"  {line}" for line in outcome.different[:SHOWN]]
    more = len(outcome.different) - len(shown)
    return "\n".join(
        [
            f"NOT AS IT WAS: {len(outcome.different)} differences",
            *shown,
            *([f"  and {more} more"] if more else []),
        ]
    )


def document(manifest: Manifest) -> dict[str, Any]:
    """Return a back-up for --json, without its facts and files."""
    return {
        "name": manifest.name, "started_at": manifest.started_at.isoformat(), "ended_at": manifest.ended_at.isoformat(),
        "bytes": manifest.bytes, "database_bytes": manifest.database_bytes, "server": manifest.server,
        "timescaledb": manifest.timescaledb, "schema": manifest.schema, "cityops": manifest.cityops,
        "wal_lsn": manifest.wal_lsn, "sealed": manifest.sealed, "included": manifest.included, "named": manifest.named,
    }  # fmt: skip


def _age(now: datetime, at: datetime) -> str:
    hours = (now - at).total_seconds() / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.0f} days"
