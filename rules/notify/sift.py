"""Which of the messages that are due are still news, in the transaction that takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psycopg
from psycopg.rows import DictRow

from cityops.db.queries import load_queries
from rules.core.notify.digest import DIGEST, Numbered, digest
from rules.core.notify.model import Notification
from rules.core.notify.outdated import NOTHING_LEFT, AlarmNow, Suppressed, fate, over_by_now

SQL = load_queries("rules.notify", "sift.sql")

Connection = psycopg.AsyncConnection[DictRow]


@dataclass(slots=True)
class Sifted:
    """What is to be sent, and what is not.

    Attributes:
        over: numbers of those whose alarm has cleared, which are to say so.
        unheard: numbers of dropped ones of whose alarm the recipient has not heard: a bundle that they
            were in said them to nobody, and what it says from now on is without them.
    """

    kept: list[Numbered] = field(default_factory=list)
    over: set[int] = field(default_factory=set)
    dropped: dict[int, Suppressed] = field(default_factory=dict)
    unheard: set[int] = field(default_factory=set)

    @property
    def codes(self) -> list[str]:
        """Why messages are not sent, once for each."""
        return [found.code for found in self.dropped.values()]


def sifted(found: Iterable[Numbered], now: Mapping[int, AlarmNow]) -> Sifted:
    """Return what is still news.

    Args:
        found: messages with their numbers, none of them a bundle.
        now: by a message's number how its alarm stands; those about none are not there.
    """
    result = Sifted()
    for number, message in found:
        standing = now.get(number)
        becomes = fate(message, standing)
        if isinstance(becomes, Suppressed):
            result.dropped[number] = becomes
            if standing is not None and not standing.told:
                result.unheard.add(number)
            continue
        result.kept.append((number, message))
        if becomes == "over":
            result.over.add(number)
    return result


def reworded(bundle: Notification, parts: Sifted, now_s: float) -> Notification | None:
    """Return a bundle that says what is left of its parts; None where it says that already.

    It stays itself: key, channels and time are the bundle's own.
    """
    if not parts.dropped and not parts.over:
        return None
    said = digest(marked(parts), now_s)
    words = {"title": said.title, "body": said.body, "data": said.data, "alarm_id": said.alarm_id}
    return msgspec.structs.replace(bundle, severity=said.severity, **words)


def marked(parts: Sifted) -> list[Numbered]:
    """Return what is kept; what is over by now says so."""
    return [(number, over_by_now(n) if number in parts.over else n) for number, n in parts.kept]


async def sift(conn: Connection, found: Sequence[Numbered], now_s: float) -> Sifted:
    """Judge messages that this transaction has locked, and write down which are not sent."""
    plain = [f for f in found if f[1].kind != DIGEST]
    result = sifted(plain, await _standing(conn, plain))
    for number, bundle in found:
        if bundle.kind == DIGEST:
            await _sift_bundle(conn, number, bundle, now_s, result)
    await _suppress(conn, result)
    return result


async def _sift_bundle(
    conn: Connection, number: int, bundle: Notification, now_s: float, result: Sifted
) -> None:
    parts_found = numbered([row async for row in await conn.execute(SQL["parts"], {"number": number})])
    parts = sifted(parts_found, await _standing(conn, parts_found))
    result.dropped |= parts.dropped
    result.unheard |= parts.unheard
    if parts_found and not parts.kept:
        result.dropped[number] = NOTHING_LEFT
        return
    said = reworded(bundle, parts, now_s) if parts_found else None
    if said is not None:
        row = {"number": number, "row": msgspec.json.encode(said).decode()}
        await conn.execute(SQL["reword"], row)
    result.kept.append((number, bundle if said is None else said))


async def _standing(conn: Connection, found: Sequence[Numbered]) -> dict[int, AlarmNow]:
    numbers = [number for number, n in found if n.alarm_id is not None]
    if not numbers:
        return {}
    rows = await (await conn.execute(SQL["standing"], {"numbers": numbers})).fetchall()
    return {row.pop("notification_id"): AlarmNow(**row) for row in rows}


async def _suppress(conn: Connection, found: Sifted) -> None:
    if found.dropped:
        rows: list[dict[str, Any]] = [
            {"number": number, "why": d.why, "unheard": number in found.unheard}
            for number, d in found.dropped.items()
        ]
        await conn.execute(SQL["suppress"], {"rows": msgspec.json.encode(rows).decode()})


def numbered(rows: Iterable[DictRow]) -> list[Numbered]:
    """Return rows of the outbox as messages with their numbers."""
    found = []
    for row in rows:
        number = row.pop("notification_id")
        found.append((number, msgspec.convert(row | {"address": ""}, Notification)))
    return found
