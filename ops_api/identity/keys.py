"""Keys of programs: made once and shown once, found, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops_api.access.model import SCOPES, Principal, Role
from ops_api.identity.core import keys
from ops_api.identity.core.scopes import OF_HOME, roles_of, scopes_of
from ops_api.identity.model import Account, IdentityRefusedError, Terms
from ops_api.queries import Db, Row

LABEL_MOST = 100


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key, this once: it is kept nowhere."""

    key_id: str
    key: str
    label: str
    scopes: tuple[str, ...]
    expires_at: datetime


class Keys:
    """Keeps programs' keys.

    Args:
        db: rows of keys.
        secret: key of their marks.
        terms: how long a key is good for.
    """

    def __init__(self, db: Db, secret: bytes, terms: Terms) -> None:
        self._db, self._secret, self._terms = db, secret, terms

    async def make(
        self, owner: Account, label: str, scopes: Iterable[str], now: datetime, life: timedelta | None = None
    ) -> NewKey:
        """Make a key for a program of an account.

        Raises:
            IdentityRefusedError: no scope, one that there is not, or one that the account's roles do not hold.
        """
        wanted = sorted(set(scopes))
        _check(wanted, scopes_of(owner.roles), owner.name)
        made = self._new(label, wanted, now, life)
        await self._store(made, now, account_id=owner.account_id)
        return made

    async def make_for_home(
        self, resident_id: str, home_id: int, label: str, scopes: Iterable[str], now: datetime
    ) -> NewKey:
        """Make a key to one home, for a resident who lives there.

        Raises:
            IdentityRefusedError: a scope that is not of homes.
        """
        wanted = sorted(set(scopes))
        _check(wanted, OF_HOME, "a home")
        made = self._new(label, wanted, now, None)
        await self._store(made, now, resident_id=resident_id, home_id=home_id)
        return made

    async def find(self, key: str, now: datetime) -> Principal | None:
        """Return the program whose key this is, with what its owner's roles still allow; None for no key that holds."""
        key_id = keys.key_id_of(key)
        row = None if key_id is None else await self._db.row("key_by_id", key_id=key_id, now=now)
        if row is None or not keys.same(keys.mark(self._secret, key), bytes(row["mark"])):
            return None
        if row["of_home"] and row["home"] is None:
            return None  # whoever made it has moved out
        allowed = OF_HOME if row["of_home"] else scopes_of(roles_of(row["roles"]))
        if row["used_on"] != now.date():
            await self._db.rows("key_used", key_id=key_id, now=now)
        return Principal(
            kind="program",
            id=row["key_id"],
            name=row["label"],
            roles=frozenset() if row["of_home"] else frozenset({Role.SERVICE}),
            scopes=frozenset(row["scopes"]) & allowed,
            homes=frozenset() if row["home"] is None else frozenset({row["home"]}),
        )

    async def listed(self, account_id: str | None = None) -> list[Row]:
        """Return the keys of an account, or of all; revoked ones last."""
        return await self._db.rows("keys", account_id=account_id)

    async def of_home(self, resident_id: str, home_id: int, now: datetime) -> list[Row]:
        """Return a resident's keys to a home that hold."""
        return await self._db.rows("keys_of_home", resident_id=resident_id, home_id=home_id, now=now)

    async def revoke(
        self, key_id: str, now: datetime, *, account_id: str | None = None, resident_id: str | None = None
    ) -> bool:
        """Revoke a key at once, of one owner where given; return whether it held."""
        done = await self._db.row(
            "key_revoke", key_id=key_id, account_id=account_id, resident_id=resident_id, now=now
        )
        return done is not None

    def _new(self, label: str, scopes: list[str], now: datetime, life: timedelta | None) -> NewKey:
        if not 1 <= len(label.strip()) <= LABEL_MOST:
            raise IdentityRefusedError(f"Say what the key is for, in 1 to {LABEL_MOST} characters.")
        given = min(life or self._terms.key_life, self._terms.key_life)
        return NewKey(*keys.new_key(), label.strip(), tuple(scopes), now + given)

    async def _store(
        self,
        made: NewKey,
        now: datetime,
        *,
        account_id: str | None = None,
        resident_id: str | None = None,
        home_id: int | None = None,
    ) -> None:
        await self._db.rows(
            "key_add",
            key_id=made.key_id,
            mark=keys.mark(self._secret, made.key),
            label=made.label,
            account_id=account_id,
            resident_id=resident_id,
            home_id=home_id,
            scopes=list(made.scopes),
            now=now,
            expires_at=made.expires_at,
        )


def _check(wanted: list[str], allowed: frozenset[str], whose: str) -> None:
    if not wanted:
        raise IdentityRefusedError("Say what the key may do: at least one scope.")
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        raise IdentityRefusedError(
            f"There is no scope {', '.join(unknown)}. There are: {', '.join(sorted(SCOPES))}."
        )
    missing = [scope for scope in wanted if scope not in allowed]
    if missing:
        raise IdentityRefusedError(
            f"{whose} has no role that holds {', '.join(missing)}. It may give: {', '.join(sorted(allowed)) or 'nothing'}."
        )
