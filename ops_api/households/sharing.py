"""What a household shows to others, in the words of its page. No row, no right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from ops_api.households.model import LivesIn, Member
from ops_api.queries import Row

Statistic = Literal["risk", "daily", "hourly", "readings", "diary"]
RecipientKind = Literal["council", "landlord", "program"]

STATISTICS: Mapping[Statistic, str] = {
    "risk": "your damp risk and why",
    "daily": "how warm and how humid each day was",
    "hourly": "how warm and how humid each hour was",
    "readings": "every reading of your frog",
    "diary": "your diary",
}
RECIPIENTS: Mapping[RecipientKind, str] = {
    "council": "the council’s housing team",
    "landlord": "your landlord",
    "program": "a program or a study",
}
Fields = Mapping[str, Any]

COUNCIL = "housing"
"""The council's only recipient: others of the council see no home."""
SWITCHES: tuple[Statistic, ...] = ("risk", "daily")
"""What the council's switch covers: the least that a housing officer can work with."""
READ_BY_COUNCIL: frozenset[Statistic] = frozenset({"risk", "daily", "readings"})
"""What the officer's pages and the council's evidence packs read."""


def recipient_name(row: Fields) -> str:
    """Return who sees it, for a person."""
    if row["recipient_kind"] == "council":
        return RECIPIENTS["council"]
    return f"{RECIPIENTS[row['recipient_kind']]}: {row['recipient']}"


def standing(rows: Sequence[Fields], now: datetime) -> list[Fields]:
    """Return the consents that nobody has taken back and that are not over: in force, or to begin."""
    return [row for row in rows if row["revoked_at"] is None and (row["to_at"] is None or row["to_at"] > now)]


def in_force(rows: Sequence[Fields], now: datetime) -> list[Fields]:
    """Return the consents that show something now."""
    return [row for row in standing(rows, now) if row["from_at"] is None or row["from_at"] <= now]


def is_read(row: Fields) -> bool:
    """Whether anything of ours shows the recipient what the consent covers; others are only kept."""
    return row["recipient_kind"] == "council" and row["statistic"] in READ_BY_COUNCIL


def switched_on(rows: Sequence[Fields], now: datetime) -> bool:
    """Whether the housing team sees anything."""
    return any(is_read(row) for row in in_force(rows, now))


async def council_is_landlord(who: Member, home: LivesIn) -> bool:
    """Whether the council has opened a case as landlord since the resident came."""
    return bool((await who.db.one("my_landlord", home_id=home.home_id))["council"])


async def consents(who: Member, home: LivesIn) -> list[Row]:
    """Return what is shared and what was since the resident came, in force first."""
    return await who.db.rows("my_consents", home_id=home.home_id)


async def share(
    who: Member,
    home: LivesIn,
    now: datetime,
    *,
    statistic: Statistic,
    recipient_kind: RecipientKind,
    recipient: str = COUNCIL,
    device: str | None = None,
    from_at: datetime | None = None,
    to_at: datetime | None = None,
) -> str | None:
    """Share something and return the consent's id; None where the home has no such device.

    Sharing what is shared already changes nothing. What was measured before she moved in nobody
    can share, so an earlier ``from_at`` means the day she did.
    """
    what = {
        "home_id": home.home_id,
        "statistic": statistic,
        "recipient_kind": recipient_kind,
        "recipient": recipient,
        "device": device,
        "to_at": to_at,
    }
    async with who.db.transaction() as t:
        found = await t.row("consent_same", **what, now=now) if from_at is None else None
        if found is None:
            found = await t.row("consent_add", **what, from_at=from_at, now=now)
    return None if found is None else str(found["consent_id"])


async def stop(who: Member, home: LivesIn, consent_id: str) -> bool:
    """Take a consent back, whoever of the home gave it; return whether there was one in force."""
    return await who.db.row("consent_revoke", home_id=home.home_id, consent_id=consent_id) is not None


async def switch(who: Member, home: LivesIn, now: datetime, *, on: bool) -> None:
    """Show the housing team the least it can work with, or nothing at all."""
    if on:
        for statistic in SWITCHES:
            await share(who, home, now, statistic=statistic, recipient_kind="council")
        return
    for row in standing(await consents(who, home), now):
        if row["recipient_kind"] == "council":
            await stop(who, home, str(row["consent_id"]))
