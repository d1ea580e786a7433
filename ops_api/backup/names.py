"""Names of back-ups: when each was begun, so that their order is that of time. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

PREFIX = "cityops-"
PARTIAL = ".partial"
"""Ending of a back-up that is being made, or whose making was cut short."""
_FORM = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"^cityops-\d{8}T\d{6}Z$")


def name_at(started_at: datetime) -> str:
    """Return the name of a back-up begun at ``started_at``: ``cityops-20261127T023000Z``."""
    return PREFIX + started_at.astimezone(UTC).strftime(_FORM)


def begun_at(name: str) -> datetime | None:
    """Return when the back-up of this name was begun (UTC); None where it is no such name."""
    if _NAME.match(name) is None:
        return None
    try:
        return datetime.strptime(name.removeprefix(PREFIX), _FORM).replace(tzinfo=UTC)
    except ValueError:
        return None
