"""A resident who is signed in, and where she lives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from ops_api.queries.resident import ResidentDb

SESSION_LIFE = timedelta(days=180)
"""How long a browser stays signed in that does not come back; each day that it does begins it anew."""
ROTATE_AFTER = timedelta(days=1)
SEEN_EVERY = timedelta(minutes=10)
TRIES_AN_HOUR = 10
"""Wrong codes of one network in an hour, before codes that could be guessed are not taken from it any more."""


@dataclass(frozen=True, slots=True)
class LivesIn:
    """A home where a resident lives now."""

    home_id: int
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Member:
    """A signed-in resident.

    Attributes:
        homes: where she lives now, the newest first.
        db: the database as she may see it.
        stale: the session's token is due to be replaced.
    """

    resident_id: str
    session_id: str
    name: str
    homes: tuple[LivesIn, ...]
    token: str = field(repr=False)
    db: ResidentDb = field(repr=False)
    stale: bool = False

    def lives_in(self, code: str) -> LivesIn | None:
        """Return the home with a code if she lives there now."""
        return next((home for home in self.homes if home.code == code), None)


@dataclass(frozen=True, slots=True)
class Joined:
    """Who has just joined: the session's token, and the home's code as it is in addresses."""

    token: str = field(repr=False)
    code: str
    label: str


class WrongCodeError(Exception):
    """The code opens no home."""


class TooManyTriesError(WrongCodeError):
    """From this network came too many wrong codes within the hour."""
