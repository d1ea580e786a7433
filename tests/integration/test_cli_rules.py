"""``cityops rules`` as its users start it: look, check, promote, override, and play a night again."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import SystemClock
from ingest.registry_store import store_registry
from rules.catalogue.loader import SHIPPED, load
from rules.catalogue.rulebook import StoredRulebook
from rules.catalogue.store import PostgresCatalogueStore
from rules.service import RulesService
from rules.store import PostgresRuleStore
from rules.waker import HintWaker
from tests.fakes.console import Console, said
from tests.fakes.rules_batches import insert_batch
from tests.fakes.rules_town import hamlet, random_evening

MATRIX_ROWS, VERSION = len(load().matrix.rows), load().gritting.version
"""Of the shipped catalogue: how many rows its matrix has, and which version of the decision it is."""


@pytest.fixture
def cityops(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(capsys, monkeypatch)


@pytest.fixture
def colder(tmp_path: Path) -> Path:
    """The shipped catalogue with an action threshold of +0.5 °C."""
    folder = Path(
        shutil.copytree(SHIPPED, tmp_path / "colder", ignore=shutil.ignore_patterns("*.py", "*.sql", "__*"))
    )
    path = folder / "winter_gritting.toml"
    before = path.read_text()
    after = before.replace("action_c = 1.0", "action_c = 0.5").replace(
        f"version = {VERSION}\n", f"version = {VERSION + 1}\n", 1
    )
    path.write_text(after)
    assert sum(a != b for a, b in zip(before.splitlines(), after.splitlines(), strict=True)) == 2
    return folder


async def run_rules(dsn: str, pg: psycopg.AsyncConnection[Any]) -> None:
    """Take everything that is stored through the rules."""
    last = "select coalesce((select max(xid) from rule_cursor), '0') = coalesce((select max(xid) from ingest_batch), '0')"
    async with AsyncConnectionPool(dsn, min_size=1, max_size=3, open=False) as pool:
        rulebook = StoredRulebook(PostgresCatalogueStore(pool))
        service = RulesService(
            PostgresRuleStore(pool),
            HintWaker(),
            SystemClock(),
            await rulebook.start(),
            batch_limit=7,
            rulebook=rulebook,
            forecasts_expected=True,
        )
        async with asyncio.timeout(60):
            while (await (await pg.execute(last)).fetchone()) != (True,):
                if not await service.turn():
                    await asyncio.sleep(0.02)


async def test_an_authority_s_own_matrix(cityops: Console, tmp_path: Path) -> None:
    ours, folder = tmp_path / "ours.csv", tmp_path / "own"
    ours.write_text(said(await cityops("", "matrix", "show", "--csv")))
    assert "open: frost on a wet road, up to -10 °C" in said(await cityops("", "matrix", "show"))
    assert f"{MATRIX_ROWS} rows, 0 errors, 2 warnings" in said(
        await cityops("", "matrix", "check", str(ours))
    )
    words = (
        "matrix",
        "import",
        str(ours),
        "--id",
        "ours_2026",
        "--source",
        "our plan",
        "--into",
        str(folder),
    )
    assert f"ours_2026 v1, {MATRIX_ROWS} rows" in said(await cityops("", *words))
    assert "ours_2026 v2" in said(await cityops("", *words, "--use"))
    assert said(await cityops("", "check", str(folder))) == "0 errors, 0 warnings\n"
    assert load(folder).matrix.id == "ours_2026"
    assert "names it already" in said(await cityops("", *words, "--use"))
    ours.write_text(ours.read_text().replace("frost,any,-2,", "frost,any,cold,"))
    done = await cityops("", "matrix", "check", str(ours))
    assert (done.returncode, f"{ours}:2: above_c = 'cold': a number is wanted" in done.stdout) == (2, True)
    done = await cityops("", *words)
    assert (done.returncode, "above_c = 'cold'" in done.stderr) == (2, True)
    done = await cityops("", *("our plan!" if w == "ours_2026" else w for w in words))
    assert (done.returncode, "small letters, digits and _" in done.stderr) == (2, True)


async def test_the_shipped_catalogue_without_a_database(
    cityops: Console, colder: Path, tmp_path: Path
) -> None:
    assert "of this version, as no database is set" in said(await cityops("", "list"))
    shown = said(await cityops("", "show", "winter.gritting"))
    assert "parameters.action_c" in shown
    assert "source:    Action threshold" in shown
    done = await cityops("", "show", "winter.snow")
    assert (done.returncode, "there is no rule 'winter.snow'; rules: damp." in done.stderr) == (2, True)
    assert said(await cityops("", "check", str(colder))) == "0 errors, 0 warnings\n"
    wrong = colder / "winter_ice.toml"
    wrong.write_text(wrong.read_text().replace("raise_after_s = 600.0", "raise_after_s = -600.0"))
    done = await cityops("", "check", str(colder))
    assert done.returncode == 2
    assert f"{colder}/winter_ice.toml:" in done.stdout
    assert "raise_after_s = -600.0: expected `float` >= 0.0" in done.stdout
    assert (await cityops("", "check", str(tmp_path / "nowhere"))).returncode == 2


async def test_promote_history_and_back(
    cityops: Console, db_dsn: str, pg: psycopg.AsyncConnection[Any], colder: Path
) -> None:
    assert "as the rules have not run on this database yet" in said(await cityops(db_dsn, "list"))
    await run_rules(db_dsn, pg)
    changed = colder / "winter_ice.toml"
    before = changed.read_text()
    changed.write_text(before.replace("raise_after_s = 600.0", "raise_after_s = 900.0"))
    assert "parameters differ from the live catalogue's" in said(await cityops(db_dsn, "check", str(colder)))
    changed.write_text(before)
    who = ("--by", "B. Officer", "--reason", "as Lancashire does")
    chain = colder / "escalation_winter.toml"
    told = chain.read_text()
    chain.write_text(told.replace("renotify_most = 6", "renotify_most = 600"))
    refused = await cityops(db_dsn, "promote", str(colder), *who)
    assert (refused.returncode, f"{chain}:" in refused.stderr) == (2, True), refused.stderr
    chain.write_text(told)
    assert "(colder) is live" in said(await cityops(db_dsn, "promote", str(colder), *who))
    assert "parameters.action_c" in said(await cityops(db_dsn, "show", "winter.gritting"))
    listed = said(await cityops(db_dsn, "list")).splitlines()
    [line] = [line for line in listed if line.startswith("winter.gritting ")]
    assert f"version {VERSION + 1}" in line
    assert "is live again" in said(await cityops(db_dsn, "promote", "--back", *who))
    lines = said(await cityops(db_dsn, "history")).splitlines()
    assert ["back" in lines[0], "promoted" in lines[1], "B. Officer: as Lancashire does" in lines[1]] == [
        True
    ] * 3
    assert (await cityops(db_dsn, "promote", *who)).returncode == 2
    assert (await cityops(db_dsn, "promote", str(colder), "--back", *who)).returncode == 2
    assert (await cityops(db_dsn, "promote", str(colder), "--by", " ", "--reason", "x")).returncode == 2


async def test_overrides_are_added_listed_and_withdrawn(
    cityops: Console, db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    await store_registry(pg, hamlet())
    add = (
        "override",
        "add",
        "bins.full",
        "parameters.threshold_pct",
        "60",
        "--by",
        "B. Officer",
        "--reason",
        "market",
    )
    done = said(await cityops(db_dsn, *add, "--bin", "b1", "--until", "30d"))
    assert "override 1: parameters.threshold_pct = 60 for bin b1" in done
    home = (
        "override",
        "add",
        "damp.surface_humidity",
        "parameters.raise_pct",
        "85",
        "--by",
        "B",
        "--reason",
        "dry",
    )
    assert "for home 1" in said(await cityops(db_dsn, *home, "--home", "1", "--until", "30d"))
    for wrong, says in (
        ((*add, "--bin", "b9", "--until", "30d"), "there is no bin 'b9' in the registry"),
        ((*add, "--bin", "b1", "--until", "500d"), "at most 400 days from now"),
        ((*add, "--bin", "b1", "--until", "2020-01-01"), "must be in the future"),
        ((*add, "--until", "30d"), "say what it is for: one of --bin"),
        ((*add, "--route", "r1", "--until", "30d"), "can be overridden for a bin, not for a route"),
        ((*add[:4], "160", *add[5:], "--bin", "b1", "--until", "30d"), "<= 100"),
        ((*add[:2], "bins.none", *add[3:], "--bin", "b1", "--until", "30d"), "there is no rule 'bins.none'"),
        (("override", "withdraw", "99", "--by", "B"), "there is no override 99 that still counts"),
    ):
        failed = await cityops(db_dsn, *wrong)
        assert (failed.returncode, says in failed.stderr) == (2, True), failed.stderr
    assert "withdrawn" in said(await cityops(db_dsn, "override", "withdraw", "1", "--by", "C. Officer"))
    listed = json.loads(said(await cityops(db_dsn, "override", "list", "--all", "--json")))
    assert [(o["override_id"], o["scope_kind"], o["scope"], o["withdrawn_by"]) for o in listed] == [
        (2, "home", "1", None), (1, "bin", "b1", "C. Officer"),
    ]  # fmt: skip
    assert "OAK" not in json.dumps(listed)
    assert "parameters.raise_pct = 85 for home 1" in said(await cityops(db_dsn, "list"))


async def test_what_is_played_again_is_what_was_stored(
    cityops: Console, db_dsn: str, pg: psycopg.AsyncConnection[Any], colder: Path, tmp_path: Path
) -> None:
    await store_registry(pg, hamlet())
    readings = sorted(random_evening(random.Random(4), 8.0), key=lambda r: r[2])
    for number, start in enumerate(range(0, len(readings), 40)):
        await insert_batch(pg, readings[start : start + 40], number + 1)
    await run_rules(db_dsn, pg)
    span = ("--from", "2026-01-09T16:00Z", "--to", "2026-01-09T23:00Z", "--warm-up", "2")
    same = await cityops(
        db_dsn, "replay", *span, "--diff", "--against", "stored", "--json", "--fail-on-difference"
    )
    assert same.returncode == 0, same.stdout + same.stderr
    found = json.loads(same.stdout)
    assert found["differences"] == []
    assert found["alarms"]
    assert found["decisions"]
    assert "OAK" not in same.stdout
    tables = await (await pg.execute("select count(*) from alarm")).fetchone()
    whose = "select catalogue_id from alarm union select catalogue_id from decision"
    live = "select catalogue_id from catalogue_version where state = 'live'"
    assert await (await pg.execute(whose)).fetchall() == await (await pg.execute(live)).fetchall()
    target = tmp_path / "night.jsonl"
    other = await cityops(
        db_dsn, "replay", *span, "--catalogue", str(colder), "--diff", "--export", str(target)
    )
    assert "Treatments saved:" in said(other)
    assert "played to 2026-01-09" in other.stderr
    records = [json.loads(line) for line in target.read_text().splitlines()]
    assert {r["record"] for r in records} >= {"alarm", "decision"}
    assert await (await pg.execute("select count(*) from alarm")).fetchone() == tables  # nothing was written
    nothing = ("--from", "2026-01-09", "--to", "2026-01-08")
    assert (await cityops(db_dsn, "replay", *nothing)).returncode == 2
