"""``cityops bin-days`` as its user starts it."""

from __future__ import annotations

import json
import subprocess
from datetime import date, timedelta
from pathlib import Path

import psycopg

from ops_api.queries import OneConnection
from rules.collection_acts.store import PostgresActs
from rules.core.collection_acts.record import NewAct
from tests.fakes.command_line import cityops

TOWN = {
    "rounds": [
        {"round_id": "mon-a", "label": "Monday A", "ends": "16:00", "services": [
            {"stream": "refuse", "label": "Rubbish", "container": "black bin", "colour": "black", "rule": "weekly", "start": "2024-01-01"}]}
    ],
    "premises": [{"uprn": 100010000012, "address": "12 Mill Lane", "rounds": ["mon-a"]}],
}  # fmt: skip


def bin_days(dsn: str, *words: str) -> subprocess.CompletedProcess[str]:
    return cityops("bin-days", *words, CITYOPS_DB__DSN=dsn)


def next_monday() -> date:
    today = date.today()  # noqa: DTZ011  a week ahead: hours do not matter
    return today + timedelta(days=14 - today.weekday())


async def test_a_town_is_loaded_changed_and_shown(db_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "town.json"
    file.write_text(json.dumps(TOWN))
    done = bin_days(db_dsn, "load", str(file))
    assert done.returncode == 0, done.stderr
    assert "1 rounds, 0 changes, 1 premises" in done.stdout
    monday = next_monday()
    tuesday = monday + timedelta(days=1)
    shown = bin_days(db_dsn, "show", "100010000012")
    assert shown.stdout.splitlines()[0] == "12 Mill Lane"
    assert f"{monday}  black bin" in shown.stdout

    moved = bin_days(
        db_dsn, "exceptions", "set", str(monday), "--moved-to", str(tuesday), "--reason", "the snow"
    )
    assert (moved.returncode, moved.stdout) == (0, f"1 collections of {monday} are otherwise now\n"), (
        moved.stderr
    )
    rows = json.loads(bin_days(db_dsn, "show", "100010000012", "--json").stdout)["collections"]
    [row] = [r for r in rows if r["usual"] == str(monday)]
    assert (row["day"], row["sequence"], row["why"]) == (
        str(tuesday),
        1,
        "Tuesday instead of Monday because of the snow",
    )
    assert f"{tuesday} Tue" in bin_days(db_dsn, "exceptions", "list").stdout

    # The same file again: its changes stay, as it says nothing of any.
    again = bin_days(db_dsn, "load", str(file))
    assert "1 changes" in again.stdout
    assert "0 collections that were published are on another day" in again.stdout
    taken = bin_days(db_dsn, "exceptions", "unset", str(monday))
    assert "1 collections" in taken.stdout, taken.stderr
    rows = json.loads(bin_days(db_dsn, "show", "100010000012", "--json").stdout)["collections"]
    assert [r["sequence"] for r in rows if r["usual"] == str(monday)] == [2]


async def test_bank_holidays_are_proposed_and_put_in(db_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "town.json"
    file.write_text(json.dumps(TOWN))
    assert bin_days(db_dsn, "load", str(file)).returncode == 0
    span = ("--from", "2028-05-22", "--to", "2028-06-04", "--json")
    proposed = json.loads(bin_days(db_dsn, "exceptions", "propose", *span).stdout)
    assert [(c["day"], c["to"]) for c in proposed] == [(f"2028-{a}", f"2028-{b}") for a, b in (
        ("05-29", "05-30"), ("05-30", "05-31"), ("05-31", "06-01"), ("06-01", "06-02"), ("06-02", "06-03"))]  # fmt: skip
    assert bin_days(db_dsn, "exceptions", "list").stdout == "nothing: every day is as usual\n"
    assert len(json.loads(bin_days(db_dsn, "exceptions", "propose", *span, "--apply").stdout)) == 5
    assert json.loads(bin_days(db_dsn, "exceptions", "propose", *span, "--apply").stdout) == []
    assert len(bin_days(db_dsn, "exceptions", "list").stdout.splitlines()) == 5
    two = bin_days(db_dsn, "exceptions", "propose", "--from", "2026-12-28", "--to", "2027-01-03")
    assert "2027-01-01: there is no free day left before Sunday" in two.stderr


async def test_what_is_wrong_is_one_line_each_and_nothing_is_loaded(db_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "premises.csv"
    file.write_text("uprn,address,rounds\nx1,12 Mill Lane,mon-a\n7,13,mon-a\n")
    refused = bin_days(db_dsn, "load", str(file))
    assert refused.returncode == 2
    assert "line 2: uprn is 'x1'; allowed: a UPRN: 1 to 12 digits, not 0" in refused.stderr
    assert "line 2: rounds is 'mon-a'; allowed: some of (there are none)" in refused.stderr
    assert "line 3: address is '13'; allowed: an address with a street" in refused.stderr
    for words, said in (
        (("load", str(tmp_path / "none.json")), "can't be read"),
        (("show", "7"), "there are no premises with the UPRN '7'"),
        (("exceptions", "set", "2026-12-28", "--reason", "x"), "say either --moved-to DAY or --cancelled"),
        (("exceptions", "set", "28/12/2026", "--cancelled", "--reason", "x"), "day is '28/12/2026'; allowed: a day as 2026-12-28"),
        (("exceptions", "set", "2026-12-28", "--cancelled", "--reason", "x", "--round", "z"), "round_id is 'z'; allowed: one of (there are none)"),
        (("exceptions", "unset", "2026-12-28"), "nothing is said of 2026-12-28"),
        (("exceptions", "propose", "--from", "2026-12-28", "--to", "x"), "'x' is no day"),
    ):  # fmt: skip
        done = bin_days(db_dsn, *words)
        assert (done.returncode, said in done.stderr) == (2, True), (words, done.stderr)
    assert bin_days(db_dsn, "missed").stdout == "nobody waits for a lorry to come back\n"


async def test_a_round_does_not_go_from_under_its_premises(db_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "town.json"
    file.write_text(json.dumps(TOWN))
    assert bin_days(db_dsn, "load", str(file)).returncode == 0
    other = json.loads(json.dumps(TOWN["rounds"]).replace("mon-a", "tue-a"))
    file.write_text(json.dumps({"rounds": other}))
    refused = bin_days(db_dsn, "load", str(file))
    assert (refused.returncode, "the round 'mon-a' goes" in refused.stderr) == (2, True), refused.stderr


async def test_half_a_register_is_refused(db_dsn: str, tmp_path: Path) -> None:
    file, half = tmp_path / "town.json", tmp_path / "half.csv"
    many = [{"uprn": 100 + n, "address": f"{n} Mill Lane", "rounds": ["mon-a"]} for n in range(10)]
    file.write_text(json.dumps(TOWN | {"premises": many}))
    assert bin_days(db_dsn, "load", str(file)).returncode == 0
    half.write_text("uprn,address,rounds\n" + "".join(f"{100 + n},{n} Mill Lane,mon-a\n" for n in range(8)))
    refused = bin_days(db_dsn, "load", str(half))
    assert (refused.returncode, "8 premises, and 10 are there" in refused.stderr) == (2, True), refused.stderr
    assert bin_days(db_dsn, "show", "109").returncode == 0
    assert "8 premises" in bin_days(db_dsn, "load", str(half), "--fewer").stdout
    assert bin_days(db_dsn, "show", "109").returncode == 2


async def test_a_forged_act_is_found(db_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(db_dsn) as conn:
        acts = PostgresActs(OneConnection(conn))
        for n in range(3):
            await acts.append(
                NewAct(ref=f"uprn:{n + 1}", what="not_out", at_s=1e9, by="Crew", role="crew", via="cli")
            )
    assert bin_days(db_dsn, "verify").stdout == "3 acts, each follows the one before it\n"
    async with await psycopg.AsyncConnection.connect(db_dsn) as conn:
        await conn.execute("alter table collection_act disable trigger all")
        await conn.execute("update collection_act set reason = 'forged' where act_id = 2")
    done = bin_days(db_dsn, "verify")
    assert (done.returncode, "at act 2" in done.stdout) == (1, True)
