"""Sessions of residents' browsers: found, rotated, ended."""

from __future__ import annotations

from datetime import datetime

from ops_api.households import codes
from ops_api.households.model import ROTATE_AFTER, SEEN_EVERY, SESSION_LIFE, LivesIn, Member
from ops_api.queries import Db, Pool, Row
from ops_api.queries.resident import ResidentDb


class Sessions:
    """Finds who is signed in.

    Args:
        db: the owner's.
        pool: connections for what residents read; see :class:`ResidentDb`.
    """

    def __init__(self, db: Db, pool: Pool) -> None:
        self._db = db
        self._pool = pool

    async def find(self, token: str, now: datetime) -> Member | None:
        """Return the resident whose session a token opens, or None. ``now``: the wall clock's."""
        if not token:
            return None
        mark = codes.token_hash(token)
        row = await self._db.row("session_by_token", hash=mark)
        if row is None:
            return None
        if (row["newest"] and row["unseen"]) or now - row["seen_at"] > SEEN_EVERY:
            await self._db.rows("session_seen", hash=mark, session_id=row["session_id"])
        return self._member(row, token, now)

    async def begin(self, resident_id: str) -> str | None:
        """Begin a session of a resident who showed a passkey; None where she lives nowhere any more."""
        token = codes.new_token()
        made = await self._db.row(
            "session_add_living", resident_id=resident_id, hash=codes.token_hash(token), life=SESSION_LIFE
        )
        return None if made is None else token

    def _member(self, row: Row, token: str, now: datetime) -> Member:
        lost = not row["newest"] and row["unseen"]  # she never got the new token
        return Member(
            resident_id=str(row["resident_id"]),
            session_id=str(row["session_id"]),
            name=row["name"],
            homes=tuple(LivesIn(**home) for home in row["homes"]),
            token=token,
            db=ResidentDb(self._db, self._pool, token),
            stale=lost or (row["newest"] and now - row["rotated_at"] > ROTATE_AFTER),
        )

    async def rotate(self, who: Member) -> str | None:
        """Return a new token for the session, or None where another request has just made one."""
        new = codes.new_token()
        done = await self._db.row(
            "session_rotate",
            hash=codes.token_hash(who.token),
            new=codes.token_hash(new),
            session_id=who.session_id,
            life=SESSION_LIFE,
        )
        return None if done is None else new

    async def end(self, who: Member) -> None:
        """Sign this browser out."""
        await self._db.rows("session_end", session_id=who.session_id)

    async def end_all(self, who: Member) -> None:
        """Sign every browser of the resident out."""
        await self._db.rows("sessions_end", resident_id=who.resident_id, only_homeless=False)

    async def count(self, who: Member) -> int:
        """Return how many browsers of the resident are signed in."""
        return int((await self._db.one("sessions_count", resident_id=who.resident_id))["sessions"])
