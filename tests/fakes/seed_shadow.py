"""A shadow in a seeded database, as its engine would have filled it."""

from __future__ import annotations

from psycopg_pool import AsyncConnectionPool

from rules.catalogue.store import PostgresCatalogueStore
from rules.shadow.choice import PostgresShadowChoice
from rules.shadow.tables import PostgresShadowTables
from tests.fakes.seed_web import DRY_HOME
from tests.fakes.shadow_town import HOTTER, SHIPPED
from tests.fakes.website import Site

SECRET = "3 Secret Street"
TITLE = "Would-be fire, <b>Market</b> place"
ALARM = (
    "insert into shadow.alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
    " values (%s, 1, %s, %s, %s, %s::timestamptz - interval '40 minutes', %s, %s)"
)


async def chosen(site: Site) -> int:
    """Take a catalogue into shadow and return the number of its start: no rules service has seen it yet."""
    async with AsyncConnectionPool(site.dsn, min_size=1, max_size=1, open=False) as pool:
        store = PostgresCatalogueStore(pool)
        await store.promote(await store.put(SHIPPED, "shipped", "cityops", ""), "cityops", "", "shipped")
        number = await store.put(HOTTER, "hotter", "B. Officer", "")
        return (await PostgresShadowChoice(pool).start(number, "B. Officer", "fires smoulder")).start_id


async def begun(site: Site, start_id: int) -> None:
    """Make the tables, and let the shadow say what the live rules do not: of a bin, a home and a route."""
    await site.sql("update rule_cursor set settled_at = %s::timestamptz - interval '2 hours'", site.now)
    async with AsyncConnectionPool(site.dsn, min_size=1, max_size=1, open=False) as pool:
        await PostgresShadowTables(pool).begin(start_id)
    await site.sql("update home set label = %s where code = %s", SECRET, DRY_HOME)
    damp = f"Wet for 6 h at {DRY_HOME}, {SECRET}"
    await site.sql(ALARM, "bins.fire", "bin", "bin-0009", "critical", site.now, TITLE, "60 °C in the bin.")
    await site.sql(
        ALARM, "damp.surface_humidity", "home", DRY_HOME, "warning", site.now, f"{SECRET}: damp wall", damp
    )
    await site.sql(
        "insert into shadow.decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason)"
        " values ('winter.gritting', 3, 'route', 'route-1', %s::timestamptz - interval '30 minutes', 'no_action', 'Warm.')",
        site.now,
    )
    for table in ("public.rule_cursor", "shadow.rule_cursor"):
        await site.sql(f"update {table} set settled_at = %s", site.now)
