"""What the front door needs of others: who holds a cookie or a key, and where it is written down."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from ops_api.access.model import Principal
from ops_api.audit.core.model import Entry, Failure


class Identity(Protocol):
    """Who somebody is."""

    async def by_cookie(self, token: str, now: datetime) -> Principal | None:
        """Return whose session of staff this is; None where it is none, or has ended."""

    async def by_key(self, key: str, now: datetime) -> Principal | None:
        """Return the program whose key this is; None where it is none, was revoked or has run out."""


class AuditLog(Protocol):
    """Where it is written down who saw or changed what."""

    async def add(self, entry: Entry) -> None:
        """Append an entry.

        Raises:
            AuditUnavailableError: it is not written down; whoever only wanted to look is refused.
        """

    async def done(self, entry: Entry) -> None:
        """Append an entry of what is done already; it is kept aside where the database does not answer."""

    def failed(self, failure: Failure) -> None:
        """Have a sign-in that failed written down soon, in the order they come; of too many in an hour only how many."""
