"""What a command did, written down: whoever reaches the database is known by the login alone."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from datetime import UTC, datetime
from secrets import token_hex

from ops_api.audit.core.model import Entry
from ops_api.queries import Db


async def note(db: Db, action: str, about: str, detail: str = "{}") -> None:
    """Append a line: of a command that has done something.

    Args:
        db: on a connection of the database's owner.
        action: the command, as ``homes code``.
        about: what it was done to, as ``home:12``.
        detail: more of it, a JSON object.

    Raises:
        DatabaseUnavailableError: the database does not answer.
    """
    entry = Entry(
        at_us=round(datetime.now(UTC).timestamp() * 1_000_000),
        actor_kind="cli",
        actor_id=login(),
        roles="",
        via="cli",
        action=action,
        object=about,
        outcome="done",
        source="",
        request_id=token_hex(8),
        detail=detail,
    )
    await db.rows("audit_add", **asdict(entry))


def login() -> str:
    """Return the login of who runs a command; empty: not known."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
