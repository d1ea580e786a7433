"""What was begun in signing in and is taken up once, within minutes, by the browser that began it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg.types.json import Jsonb

from ops_api.households.codes import new_token, token_hash
from ops_api.queries import Db, Row

What = Literal["factor", "passkey", "passkey_new", "oidc", "link"]
WRONG_MOST = 5
"""Wrong codes after which a step is over."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was begun: for whom, and what was kept for it."""

    account_id: str | None
    resident_id: str | None
    data: dict[str, Any]
    wrong: int = 0


class Steps:
    """Keeps steps by the hash of their token."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def begin(
        self,
        what: What,
        life: timedelta,
        now: datetime,
        *,
        account_id: str | None = None,
        resident_id: str | None = None,
        browser: str = "",
        data: dict[str, Any] | None = None,
        token: str = "",
    ) -> str:
        """Begin a step and return its token.

        Args:
            what: kind of step; one kind's token takes up no other.
            life: how long it can be taken up.
            now: the time.
            account_id: whose it is, if that is known.
            resident_id: likewise.
            browser: secret of the browser that begins it; empty: any may take it up.
            data: kept for it.
            token: of the step, if something else made it.
        """
        made = token or new_token()
        async with self._db.transaction() as t:
            await t.rows("steps_forget", now=now)
            await t.rows(
                "step_add",
                hash=token_hash(made),
                what=what,
                account_id=account_id,
                resident_id=resident_id,
                browser=token_hash(browser) if browser else None,
                data=Jsonb(data or {}),
                expires_at=now + life,
            )
        return made

    async def look(self, what: What, token: str, now: datetime, *, browser: str = "") -> Step | None:
        """Return a step without taking it up; None where there is none, or it is over."""
        return _step(await self._db.row("step_look", **_key(what, token, now, browser)))

    async def take(self, what: What, token: str, now: datetime, *, browser: str = "") -> Step | None:
        """Take up a step: nobody else can."""
        return _step(await self._db.row("step_take", **_key(what, token, now, browser)))

    async def wrong(self, token: str) -> bool:
        """Count a wrong try at a step before it is looked at; False: there were too many."""
        return await self._db.row("step_wrong", hash=token_hash(token), most=WRONG_MOST) is not None


def _key(what: What, token: str, now: datetime, browser: str) -> dict[str, object]:
    return {
        "what": what,
        "hash": token_hash(token),
        "now": now,
        "browser": token_hash(browser) if browser else None,
    }


def _step(row: Row | None) -> Step | None:
    if row is None:
        return None
    account, resident = row["account_id"], row["resident_id"]
    return Step(
        None if account is None else str(account),
        None if resident is None else str(resident),
        row["data"],
        row.get("wrong", 0),
    )
