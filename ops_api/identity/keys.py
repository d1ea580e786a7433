"""Keys of programs: made once and shown once, found, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops_api.access.model import SCOPES, Principal
from ops_api.identity.core import keys
from ops_api.identity.core.scopes import roles_of, scopes_of
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
        if not 1 <= len(label.strip()) <= LABEL_MOST:
            raise IdentityRefusedError(f"Say what the key is for, in 1 to {LABEL_MOST} characters.")
        until = now + min(life or self._terms.key_life, self._terms.key_life)
        made = NewKey(*keys.new_key(), label.strip(), tuple(wanted), until)
        await self._db.rows(
            "key_add",
            key_id=made.key_id,
            mark=keys.mark(self._secret, made.key),
            label=made.label,
            account_id=owner.account_id,
            scopes=wanted,
            now=now,
            expires_at=until,
        )
        return made

    async def find(self, key: str, now: datetime) -> Principal | None:
        """Return the program whose key this is, with its owner's roles and what they still allow; None for no key that holds."""
        key_id = keys.key_id_of(key)
        row = None if key_id is None else await self._db.row("key_by_id", key_id=key_id, now=now)
        if row is None or not keys.same(keys.mark(self._secret, key), bytes(row["mark"])):
            return None
        if row["used_on"] != now.date():
            await self._db.rows("key_used", key_id=key_id, now=now)
        held = roles_of(row["roles"])
        return Principal(
            kind="program",
            id=row["key_id"],
            name=row["label"],
            owner=row["owner"],
            roles=held,
            scopes=frozenset(row["scopes"]) & scopes_of(held),
        )

    async def listed(self, account_id: str | None = None) -> list[Row]:
        """Return the keys of an account, or of all; revoked ones last."""
        return await self._db.rows("keys", account_id=account_id)

    async def revoke(self, key_id: str, now: datetime, *, account_id: str | None = None) -> bool:
        """Revoke a key at once, of one account where given; return whether it held."""
        return await self._db.row("key_revoke", key_id=key_id, account_id=account_id, now=now) is not None


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
