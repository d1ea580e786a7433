"""Accounts: made, given roles, closed; and the links by which their owners choose a password."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from ops_api.access.model import Role
from ops_api.identity.core.claims import Said
from ops_api.identity.core.names import is_name
from ops_api.identity.model import Account, ChangedMeanwhileError, IdentityRefusedError, account_of
from ops_api.identity.steps import Steps
from ops_api.queries import Db, Row, Transaction

FIRST_LINK, LINK = timedelta(minutes=15), timedelta(hours=24)
LABEL_MOST = 100
PAGE = 100
"""Accounts of a page."""
ROLES = tuple(role for role in Role if role is not Role.RESIDENT)
"""Which an account can have: residents have none."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link's token, this once, and until when it opens."""

    name: str
    token: str
    expires_at: datetime


class Accounts:
    """Keeps accounts.

    Args:
        db: rows of accounts.
        steps: keeps links.
    """

    def __init__(self, db: Db, steps: Steps) -> None:
        self._db, self._steps = db, steps

    async def first_admin(self, name: str, label: str, by: str, now: datetime) -> Link:
        """Make the first administrator, or a new link for one who has not come in yet.

        Raises:
            IdentityRefusedError: an administrator can sign in already, or the name is none, or somebody else's.
        """
        if (await self._db.one("accounts_ready"))["ready"]:
            raise IdentityRefusedError(
                "there is an administrator already; `cityops account link NAME` lets them choose a new password"
            )
        found = await self.named(name) if is_name(name) else None
        if found is None:
            found = await self.add(name, label or name, [Role.ADMIN], by, now)
        if Role.ADMIN not in found.roles:
            raise IdentityRefusedError(f"{name} is an account that is no administrator; give another name")
        return await self.link(found, now, FIRST_LINK)

    async def add(
        self,
        name: str,
        label: str,
        roles: Iterable[Role],
        by: str,
        now: datetime,
        *,
        subject: str | None = None,
    ) -> Account:
        """Make an account.

        Args:
            name: which its owner types, 2 to 63 of a-z, 0-9, dot, hyphen and underline.
            label: what people read.
            roles: of it.
            by: who makes it.
            now: the time.
            subject: issuer and subject, where a provider knows its owner.

        Raises:
            IdentityRefusedError: the name is none or taken, or a role is residents'.
        """
        held = _checked(roles)
        if not is_name(name):
            raise IdentityRefusedError(
                f"{name!r} can't be a name: use 2 to 63 of a-z, 0-9, dot, hyphen and underline"
            )
        if not 1 <= len(label.strip()) <= LABEL_MOST:
            raise IdentityRefusedError(f"say what people call them, in 1 to {LABEL_MOST} characters")
        made = await self._db.row(
            "account_add", name=name, label=label.strip(), roles=held, by=by, subject=subject, now=now
        )
        if made is None:
            raise IdentityRefusedError(f"there is an account {name} already")
        return Account(str(made["account_id"]), name, label.strip(), frozenset(map(Role, held)))

    async def listed(
        self, after: str | None = None, limit: int = PAGE, *, text: str = "", role: Role | None = None
    ) -> list[Row]:
        """Return accounts by name, with how each can sign in.

        Args:
            after: only those whose name comes after this one.
            limit: so many at most.
            text: only those that have it in their name or in what people call them, whatever the case of its letters.
            role: only those that have it.
        """
        wanted = {"after": after, "limit": limit, "text": text.strip(), "role": role}
        return await self._db.rows("accounts_page", **wanted)

    async def count(self, *, text: str = "", role: Role | None = None) -> int:
        """Return how many accounts there are, of those :meth:`listed` would give."""
        return int((await self._db.one("accounts_count", text=text.strip(), role=role))["accounts"])

    async def names(self, numbers: Collection[str], name: str = "") -> dict[str, str]:
        """Return the names of accounts by number: of these, and of the one that is called so."""
        rows = await self._db.rows("account_names", numbers=sorted(numbers), name=name)
        return {row["account_id"]: row["name"] for row in rows}

    async def row(self, name: str) -> Row | None:
        """Return one account with how it can sign in."""
        return await self._db.row("accounts", name=name)

    async def named(self, name: str) -> Account | None:
        """Return an account by name, closed ones too."""
        row = await self.row(name)
        return None if row is None else account_of(row)

    async def by_id(self, account_id: str) -> Account | None:
        """Return an account that is not closed."""
        row = await self._db.row("account_by_id", account_id=account_id)
        return None if row is None or row["disabled_at"] is not None else account_of(row)

    async def of_provider(self, said: Said, now: datetime) -> Account:
        """Return the account of somebody whom the provider knows, with the roles that it says; made where there is none.

        It is found by issuer and subject alone: whoever has the address of another gets nothing of theirs.

        Raises:
            IdentityRefusedError: the provider gives them no role here, or the account is closed.
        """
        if not said.roles:
            raise IdentityRefusedError("You have no role here. Ask for one where your groups are managed.")
        async with self._db.transaction() as t:
            await t.rows("account_lock")
            row = await t.row("account_by_subject", subject=said.subject)
            if row is None:
                row = await _added(t, said, now)
            elif row["disabled_at"] is not None:
                raise IdentityRefusedError("This account is closed.")
            roles = sorted(role.value for role in said.roles)
            await t.rows("account_set_roles", account_id=row["account_id"], roles=roles, seen=None)
            return account_of(row | {"roles": roles})

    async def set_roles(
        self, who: Account, roles: Iterable[Role], seen: Collection[int] | None = None
    ) -> None:
        """Give an account other roles; that ends its sessions.

        Args:
            who: the account.
            roles: all that it has from now on.
            seen: epochs of the account, as one of which it must still be; None: it does not matter.

        Raises:
            IdentityRefusedError: it is the last administrator's, or a role is residents'.
            ChangedMeanwhileError: it is none of those that were seen.
        """
        held = _checked(roles)
        async with self._db.transaction() as t:
            if Role.ADMIN not in held:
                await _not_the_last(t, who)
            epochs = None if seen is None else list(seen)
            if not await t.rows("account_set_roles", account_id=who.account_id, roles=held, seen=epochs):
                raise ChangedMeanwhileError("The account was changed meanwhile.")

    async def disable(self, who: Account, now: datetime) -> None:
        """Close an account: it signs in no more, its sessions end and its keys open nothing.

        Raises:
            IdentityRefusedError: it is the last administrator's.
        """
        async with self._db.transaction() as t:
            await _not_the_last(t, who)
            await t.rows("account_disable", account_id=who.account_id, now=now)
            await t.rows("steps_void", account_id=who.account_id, now=now)

    async def enable(self, who: Account) -> None:
        """Open a closed account again."""
        await self._db.rows("account_enable", account_id=who.account_id)

    async def needs_local(self, who: Account) -> None:
        """Refuse a password or passkey to who signs in at the provider: who is let go there would come in with it.

        Raises:
            IdentityRefusedError: that is so.
        """
        if ((await self.row(who.name)) or {}).get("provider"):
            raise IdentityRefusedError("This account signs in at the council’s provider, and there alone.")

    async def end_sessions(self, who: Account) -> None:
        """End all sessions of an account."""
        await self._db.rows("account_end_sessions", account_id=who.account_id)

    async def link(self, who: Account, now: datetime, life: timedelta = LINK) -> Link:
        """Make a link by which its owner chooses a password, once; links before it are void.

        Raises:
            IdentityRefusedError: its owner signs in at the provider.
        """
        await self.needs_local(who)
        await self._db.rows("steps_void", account_id=who.account_id, now=now)
        token = await self._steps.begin("link", life, now, account_id=who.account_id)
        return Link(who.name, token, now + life)


async def _added(t: Transaction, said: Said, now: datetime) -> Row:
    """Make an account under the first name that is free: ada, ada-2, ada-3, …"""
    for n in count(1):
        name = said.name if n == 1 else f"{said.name[:55]}-{n}"
        held = sorted(role.value for role in said.roles)
        made = await t.row(
            "account_add",
            name=name,
            label=said.label,
            roles=held,
            by="provider",
            subject=said.subject,
            now=now,
        )
        if made is not None:
            return made | {"name": name, "label": said.label, "roles": held}
    raise AssertionError("there is no end of numbers")


def _checked(roles: Iterable[Role]) -> list[str]:
    held = sorted({Role(role).value for role in roles})
    if Role.RESIDENT.value in held:
        raise IdentityRefusedError("residents have no account: they come by the code on their frog")
    return held


async def _not_the_last(t: Transaction, who: Account) -> None:
    """Hold on to the last administrator.

    Raises:
        IdentityRefusedError: this is the one.
    """
    await t.rows("account_lock")
    left = await t.row("admins_but", account_id=who.account_id)
    if left is not None and left["is_admin"] and left["others"] == 0:
        raise IdentityRefusedError(
            f"{who.name} is the last administrator who can sign in; make another one first"
        )
