"""Passwords: tried at the door, set, changed."""

from __future__ import annotations

from datetime import datetime

from ops_api.identity.core.names import PASSWORD_MOST, is_name, normal, why_not
from ops_api.identity.hasher import Hasher, common_passwords
from ops_api.identity.model import Account, Asker, IdentityRefusedError, Terms, WrongError, account_of
from ops_api.identity.tries import TryBook
from ops_api.queries import Db

WRONG = "Name and password do not belong together."
NAME_MOST = 63


class Passwords:
    """Checks and sets passwords of accounts.

    Args:
        db: rows of accounts.
        secret: key of the marks of tries.
        terms: how long a password is at least.
    """

    def __init__(self, db: Db, secret: bytes, terms: Terms) -> None:
        self._db, self._terms = db, terms
        self._hasher = Hasher()
        self._tries = TryBook(db, secret, "password")

    async def check(self, name: str, password: str, asker: Asker, now: datetime) -> Account:
        """Return the account whose name and password these are.

        The answer and the time it takes are the same whether there is such an account or not.

        Raises:
            WrongError: they do not belong together.
            WaitError: too many were wrong; this one was not looked at.
            BusyError: too many try at once.
        """
        named = name.strip().lower()[:NAME_MOST]
        # The place first: who finds none because others try is not counted for it, however often.
        with self._hasher.place():
            await self._tries.count(named, asker, now)
            row = await self._db.row("account_to_sign_in", name=named) if is_name(named) else None
            hashed = None if row is None else row["hash"]
            right = await self._hasher.opens(password[: PASSWORD_MOST + 1], hashed)
            if row is None or hashed is None or not right:
                raise WrongError(WRONG)
            await self._tries.right(named, asker, now)
            await self._renew(row["account_id"], password, hashed)
        return account_of(row)

    async def set(self, who: Account, password: str, now: datetime) -> None:
        """Give an account a new password.

        Raises:
            IdentityRefusedError: it is too short, or one that many use; nothing was changed.
            BusyError: too many sign in at once.
        """
        await self.keep(who, await self.hashed(who, password), now)

    async def hashed(self, who: Account, password: str) -> str:
        """Return the hash of a password that an account may have.

        Raises:
            IdentityRefusedError, BusyError: as :meth:`set` does.
        """
        no = self.why_not(who, password)
        if no is not None:
            raise IdentityRefusedError(no)
        with self._hasher.place():
            return await self._hasher.hash(password)

    async def keep(self, who: Account, hashed: str, now: datetime) -> None:
        """Have an account's password be the one with this hash."""
        await self._db.rows("password_set", account_id=who.account_id, hash=hashed, now=now)

    def why_not(self, who: Account, password: str) -> str | None:
        """Return why a password is refused, in words for whoever chose it; None: it is not."""
        names = (who.name, *who.label.split())
        return why_not(normal(password), names, self._terms.password_least, common_passwords())

    async def _renew(self, account_id: str, password: str, hashed: str) -> None:
        """Hash again what was hashed with other costs; where it was changed meanwhile, leave it."""
        if self._hasher.is_old(hashed):
            new = await self._hasher.hash(password)
            await self._db.rows("password_rehash", account_id=account_id, hash=new, before=hashed)
