"""Who somebody is, by what PostgreSQL keeps of sessions and keys: the adapter of ``access.ports.Identity``."""

from __future__ import annotations

from datetime import datetime

from ops_api.access.model import Principal
from ops_api.identity.keys import Keys
from ops_api.identity.sessions import StaffSessions


class PostgresIdentity:
    """Finds who holds a cookie or a key."""

    def __init__(self, sessions: StaffSessions, keys: Keys) -> None:
        self._sessions, self._keys = sessions, keys

    async def by_cookie(self, token: str, now: datetime) -> Principal | None:
        """Return whose session of staff this is; None where it is none, or has ended."""
        return await self._sessions.find(token, now)

    async def by_key(self, key: str, now: datetime) -> Principal | None:
        """Return the program whose key this is; None where it is none, was revoked or has run out."""
        return await self._keys.find(key, now)
