"""Sessions of staff: begun, found, given a new token, ended. Of a token only its hash is stored."""

from __future__ import annotations

from datetime import datetime

from ops_api.access.model import Principal
from ops_api.households.codes import new_token, token_hash
from ops_api.identity.core.scopes import roles_of
from ops_api.identity.model import (
    ROTATE_AFTER,
    SEEN_EVERY,
    Account,
    How,
    IdentityRefusedError,
    Signed,
    Terms,
    Ticket,
)
from ops_api.queries import Db, Row

AGENT_MOST = 200


class StaffSessions:
    """Keeps the browsers of staff that are signed in.

    Args:
        db: rows of accounts.
        terms: how long a session lasts, and who needs two factors.
    """

    def __init__(self, db: Db, terms: Terms) -> None:
        self._db, self._terms = db, terms

    async def begin(
        self,
        who: Account,
        how: How,
        now: datetime,
        *,
        mfa: bool,
        agent: str = "",
        strong_at: datetime | None = None,
    ) -> Ticket:
        """Begin a session: always a new token, so that one put into the browser before is worth nothing.

        ``strong_at``: when a factor was shown; None: now.

        Raises:
            IdentityRefusedError: the account was closed meanwhile, or a second factor is missing.
        """
        if self._terms.two_factors(who.roles) and not mfa:
            raise IdentityRefusedError("Show your second factor too.")
        token, expires_at = new_token(), now + self._terms.life
        made = await self._db.row(
            "staff_session_add",
            account_id=who.account_id,
            hash=token_hash(token),
            expires_at=expires_at,
            how=how,
            mfa=mfa,
            agent=agent[:AGENT_MOST],
            strong_at=min(strong_at or now, now),
            now=now,
        )
        if made is None:
            raise IdentityRefusedError("This account is closed.")
        await self._db.rows("account_seen", account_id=who.account_id, now=now)
        return Ticket(token, str(made["session_id"]), expires_at)

    async def find(self, token: str, now: datetime) -> Signed | None:
        """Return who holds the session that a token opens, or None."""
        if not token:
            return None
        mark = token_hash(token)
        row = await self._db.row("staff_session", hash=mark, now=now, idle=self._terms.idle)
        if row is None or (self._terms.two_factors(roles_of(row["roles"])) and not row["mfa"]):
            return None
        if (row["newest"] and row["unseen"]) or now - row["seen_at"] > SEEN_EVERY:
            await self._db.rows("staff_session_seen", hash=mark, session_id=row["session_id"], now=now)
        return _signed(row, now)

    async def rotate(self, token: str, who: Signed, now: datetime) -> str | None:
        """Return a new token for a session, or None where another request has just made one."""
        new = new_token()
        done = await self._db.row(
            "staff_session_rotate",
            hash=token_hash(token),
            new=token_hash(new),
            session_id=who.session_id,
            every=ROTATE_AFTER,
            now=now,
        )
        return None if done is None else new

    async def end(self, who: Principal, session_id: str, now: datetime) -> bool:
        """End one of somebody's own sessions; return whether there was one."""
        done = await self._db.row("staff_session_end", session_id=session_id, account_id=who.id, now=now)
        return done is not None

    async def end_others(self, who: Principal, now: datetime) -> None:
        """End all of somebody's sessions but the one that asks."""
        await self._db.rows(
            "staff_sessions_end_others", account_id=who.id, session_id=who.session_id, now=now
        )

    async def listed(self, account_id: str, now: datetime) -> list[Row]:
        """Return an account's sessions that hold, the last used first."""
        return await self._db.rows("staff_sessions", account_id=account_id, now=now, idle=self._terms.idle)


def _signed(row: Row, now: datetime) -> Signed:
    lost = not row["newest"] and row["unseen"]  # the browser never got the new token
    return Signed(
        kind="staff",
        id=str(row["account_id"]),
        name=row["label"],
        roles=roles_of(row["roles"]),
        mfa=row["mfa"],
        signed_in_s=row["strong_at"].timestamp(),
        session_id=str(row["session_id"]),
        until_s=row["expires_at"].timestamp(),
        stale=lost or (row["newest"] and now - row["rotated_at"] > ROTATE_AFTER),
    )
