"""``cityops dead-letters`` as an operator meets it, on a real database."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from cityops.errors import ConfigurationError
from devices.registry import Device
from ingest.core.advice import ADVICE, advice
from ingest.core.letter_limit import LetterLimits
from ingest.core.reasons import Reason
from ops_api.cli_dead_letters import since_time
from tests.fakes.command_line import cityops
from tests.fakes.ingest_setup import FROG, INSTALLED, reading, reading_topic
from tests.fakes.sink_bench import open_bench

NEW = Device(name="frog-new", kind="frog", shard=2, installed_at=INSTALLED)
NEW_TOPIC = "cityops/v1/02/frog/frog-new/reading"


async def _fill(dsn: str) -> None:
    async with open_bench(dsn, LetterLimits(letters_burst=3)) as bench:
        await bench.store(*((NEW_TOPIC, reading(seq)) for seq in range(2)))
        await bench.store(
            *((reading_topic("frog-0"), reading(s, {**FROG, "temperature_c": -127.0})) for s in range(12_348))
        )
        await bench.store((reading_topic("frog-1"), b"\x1b[2J\xff"))


async def _register(dsn: str) -> None:
    async with open_bench(dsn) as bench:
        await bench.install(NEW)


def run(dsn: str, *words: str) -> tuple[int, str]:
    done = cityops("dead-letters", *words, CITYOPS_DB__DSN=dsn)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def ids(dsn: str, reason: str) -> list[str]:
    with psycopg.connect(dsn) as conn:
        query = "select dead_letter_id from dead_letter where reason_code = %s order by 1"
        return [str(row[0]) for row in conn.execute(query, (reason,))]


def test_from_the_list_over_one_letter_to_the_replay(db_dsn: str) -> None:
    asyncio.run(_fill(db_dsn))
    code, text = run(db_dsn, "list")
    assert code == 0
    assert text.startswith("6 dead letters, and 12,345 more, not kept\n")
    assert [line.split()[:4] for line in text.splitlines() if line.startswith(("sentinel", "unknown"))] == [
        ["sentinel", "3", "0", "12,345"],
        ["unknown_device", "2", "0", "0"],
    ]
    first, _ = ids(db_dsn, "unknown_device")

    code, text = run(db_dsn, "show", first)
    assert code == 0
    assert '"temperature_c":20.5' in text
    assert "replay now  it would stay: No device named 'frog-new' is registered." in text
    assert "what to do  Register the device" in text

    code, text = run(db_dsn, "replay", first)
    assert (code, "0 of 1 dead letter replayed" in text) == (1, True)
    assert "1 × unknown_device stay" in text

    asyncio.run(_register(db_dsn))
    code, text = run(db_dsn, "replay", "--all", "--dry-run")
    assert (code, "2 of 6 dead letters would be replayed: 2 frog readings" in text) == (0, True)
    code, text = run(db_dsn, "replay", "--reason", "unknown_device")
    assert (code, text) == (0, "2 of 2 dead letters replayed: 2 frog readings\n")
    code, text = run(db_dsn, "replay", first, "999999")
    assert code == 1
    assert f"{first} was replayed before, 20" in text
    assert "there is no dead letter 999999 that fits" in text
    assert run(db_dsn, "show", "999999")[0] == 2
    code, text = run(db_dsn, "list", "--device", "frog-new")
    assert text.startswith("2 dead letters, 2 of them replayed\n")
    assert "(replayed 20" in text
    assert "done, 20" in run(db_dsn, "show", first)[1]
    assert run(db_dsn, "replay", "--kind", "road") == (0, "no dead letter is waiting that fits\n")


def test_what_a_device_sent_can_not_steer_the_terminal(db_dsn: str) -> None:
    asyncio.run(_fill(db_dsn))
    (number,) = ids(db_dsn, "not_json")
    with psycopg.connect(db_dsn, autocommit=True) as conn:
        conn.execute(
            "update dead_letter set topic = E'a\\x1b[31mb', reason = E'c\\x1b]0;d', device = E'e\\nf' where dead_letter_id = %s",
            (number,),
        )
    for words in (("show", number), ("list",), ("replay", "--all")):
        assert "\x1b" not in run(db_dsn, *words)[1]
    text = run(db_dsn, "show", number)[1]
    assert "a\\x1b[31mb" in text
    assert "device      e\\nf" in text
    assert "5 bytes, in hexadecimal\n1b 5b 32 4a ff" in text


def test_machines_are_told_the_same(db_dsn: str) -> None:
    asyncio.run(_fill(db_dsn))
    document: dict[str, Any] = json.loads(run(db_dsn, "list", "--json", "--limit", "4")[1])
    reasons = {r["reason_code"]: (r["letters"], r["not_kept"]) for r in document["reasons"]}
    assert reasons == {"sentinel": (3, 12_345), "unknown_device": (2, 0), "not_json": (1, 0)}
    assert len(document["letters"]) == 4
    assert not [letter for letter in document["letters"] if "payload_text" in letter]
    one = json.loads(run(db_dsn, "show", ids(db_dsn, "not_json")[0], "--json")[1])
    assert (one["payload_text"], one["payload_hex"], one["stays"]["code"]) == (None, "1b5b324aff", "not_json")
    later = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    assert json.loads(run(db_dsn, "list", "--since", later, "--json")[1]) == {"reasons": [], "letters": []}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("replay",), 2, "say which: numbers, --reason"),
        (("replay", "--all", "--device", "x"), 2, "--all means every letter that waits"),
        (("list", "--reason", "frozen"), 2, "--reason 'frozen' is unknown; reasons: wrong_topic, unknown_device"),
        (("list", "--since", "yesterday"), 2, "--since 'yesterday' is no time"),
        (("show", "99999999999999999999"), 2, "should be less than or equal to 9223372036854775807"),
        (("replay", "0"), 2, "should be greater than or equal to 1"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_words(words: tuple[str, ...], code: int, said: str) -> None:
    done, text = run("postgresql://nobody@127.0.0.1:1/none", *words)
    assert (done, said in text) == (code, True), text
    assert "bug" not in text


def test_since() -> None:
    now = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
    for text, hours in (("30m", 0.5), ("12h", 12), ("7d", 168), ("1w", 168), ("90 s", 0.025)):
        assert now - since_time(text, now) == timedelta(hours=hours)
    assert since_time("2026-11-25", now) == datetime(2026, 11, 25, tzinfo=UTC)
    assert since_time("2026-11-25T14:00+01:00", now) == datetime(2026, 11, 25, 13, tzinfo=UTC)
    for text in ("", "7", "d", "-7d", "999999w", "2026-13-01"):
        with pytest.raises(ConfigurationError, match="is no time"):
            since_time(text, now)


def test_there_is_advice_for_every_reason() -> None:
    assert set(map(str, Reason)) <= set(map(str, ADVICE))
    assert "older" in advice("some_reason_of_old")
