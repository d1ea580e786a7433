"""Wrong tries, kept in the database: all processes count together, and a restart forgives nothing."""

from __future__ import annotations

from datetime import datetime

from ops_api.client_network import network_of
from ops_api.identity.core import tries
from ops_api.identity.core.keys import mark
from ops_api.identity.model import Asker, WaitError
from ops_api.queries import Db, Transaction


class TryBook:
    """Counts tries at what belongs to one account.

    Args:
        db: rows of tries.
        secret: key of the marks under which accounts and networks are counted: neither is written down.
        what: of what the tries are; passwords and codes are counted apart.
        whole: how they count for the account as a whole.
    """

    def __init__(self, db: Db, secret: bytes, what: str, whole: tries.Of = "account") -> None:
        self._db, self._secret, self._what, self._whole = db, secret, what, whole

    async def count(self, name: str, asker: Asker, now: datetime) -> None:
        """Count a try before it is looked at.

        Raises:
            WaitError: it is not to be looked at yet; nothing was counted.
        """
        async with self._db.transaction() as t:
            found = await self._found(t, name, asker)
            wait_s = max(tries.wait_s(count, now) for count in found.values())
            if wait_s > 0.0:
                raise WaitError(wait_s)
            for of, before in found.items():
                await self._put(t, name, asker, of, tries.tried(before, now, of))

    async def right(self, name: str, asker: Asker, now: datetime) -> None:
        """Take a counted try back: it was right."""
        async with self._db.transaction() as t:
            for of, before in (await self._found(t, name, asker)).items():
                left = None if before is None else tries.right(before, now, of)
                await self._put(t, name, asker, of, left)
            await t.rows("tries_forget", now=now)

    async def _found(self, t: Transaction, name: str, asker: Asker) -> dict[tries.Of, tries.Count | None]:
        await t.rows("try_lock", subject=self._subject(name))
        found: dict[tries.Of, tries.Count | None] = {}
        for of in tries.bound_by(known_browser=bool(asker.known), whole=self._whole):
            row = await t.row("try_of", subject=self._subject(name), source=self._source(asker, of))
            found[of] = None if row is None else tries.Count(**row)
        return found

    async def _put(
        self, t: Transaction, name: str, asker: Asker, of: tries.Of, count: tries.Count | None
    ) -> None:
        key = {"subject": self._subject(name), "source": self._source(asker, of)}
        if count is None:
            await t.rows("try_drop", **key)
            return
        await t.rows("try_put", **key, wrong=count.wrong, last_at=count.last_at, until=count.until)

    def _subject(self, name: str) -> bytes:
        return mark(self._secret, f"{self._what}\n{name}")

    def _source(self, asker: Asker, of: tries.Of) -> bytes:
        text = {"network": network_of(asker.address), "browser": asker.known, "account": "", "codes": ""}[of]
        return mark(self._secret, f"{of}\n{text}")
