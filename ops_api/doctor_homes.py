"""``cityops doctor``: what of the homes in the registry needs a look."""

from __future__ import annotations

from typing import Any

import psycopg

from cityops.finding import Finding, ok, warn

COUNTS = """
select count(*) as homes,
       count(*) filter (where h.occupants is null) as unknown,
       count(*) filter (where exists (
           select from join_code c
            where c.home_id = h.home_id and c.kind = 'label' and not c.strong and c.revoked_at is null)) as guessable
  from home h
"""


async def homes(conn: psycopg.AsyncConnection[Any]) -> list[Finding]:
    """Return what is to be said of the homes; nothing where none is installed."""
    row = await (await conn.execute(COUNTS)).fetchone()
    assert row is not None
    number, unknown, guessable = row
    if number == 0:
        return []
    found: list[Finding] = []
    if unknown > 0:
        detail = f"of {unknown} of {number} it is not known how many live there: why they are damp is told less surely"
        found.append(warn("homes", detail, "put `occupants` into the registry and load it again"))
    if guessable > 0:
        detail = f"{guessable} of {number} {'is' if guessable == 1 else 'are'} still joined by the registry's short code"
        found.append(warn("home codes", detail, "make labels: cityops homes code --all (docs/households.md)"))
    return found or [ok("homes", f"{number}, occupants known, joined by their labels' codes")]
