"""A pack shows a stay and nothing beyond it, and says so; the analyst's figures in it are in plain words."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from cityops.errors import ConfigurationError
from rules.core.evidence.contents import Contents
from rules.core.evidence.report_damp import analysed, finding_words
from rules.core.evidence.scope import Scope, Span, covered, cut_words
from rules.evidence.memory_source import MemorySource
from tests.fakes.evidence_home import FIRST, LAST, NOW, ORDER, damp_days, damp_week, packed, source

CAME = datetime(2026, 1, 9, 6, 0, tzinfo=UTC)
"""Somebody moves in in the middle of a day, within the days that are asked for."""
LEFT = datetime(2026, 1, 20, 18, 0, tzinfo=UTC)
STAY = Scope(why="Made by Ben, who lives in the home.", stay=Span(from_at=CAME, to_at=LEFT))


def made(scope: Scope, found: MemorySource | None = None) -> tuple[dict[str, bytes], dict[str, Any]]:
    data, _ = asyncio.run(packed(diary=True, found=found, order=replace(ORDER, scope=scope)))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {i.filename: archive.read(i) for i in archive.infolist()}
    return files, json.loads(files["manifest.json"])


def test_a_period_that_begins_before_the_stay_is_cut_and_said() -> None:
    files, manifest = made(STAY)
    assert (manifest["from_day"], manifest["to_day"]) == ("2026-01-09", "2026-01-20")
    shown = manifest["shown"]
    assert (shown["asked_from"], shown["asked_to"]) == (str(FIRST), str(LAST))
    assert (shown["start"], shown["end"]) == ("2026-01-09T06:00:00Z", "2026-01-20T18:00:00Z")
    assert shown["why"] == STAY.why
    assert "shown is the time from 2026-01-09 06:00 UTC to 2026-01-20 18:00 UTC" in shown["cut"]
    days = [name for name in files if name.startswith("readings/frog-0001/")]
    assert min(days).endswith("2026-01-09.csv")
    first, last = (
        files[f"readings/frog-0001/{day}.csv"].decode().splitlines() for day in ("2026-01-09", "2026-01-20")
    )
    assert first[1].startswith("2026-01-09T06:00:00Z")
    assert last[-1].startswith("2026-01-20T17:30:00Z")
    statistics = json.loads(files["statistics.json"])
    bedroom = statistics["rooms"][0]
    assert bedroom["expected"] == (LEFT - CAME) / timedelta(seconds=1800)
    assert min(a for a, _ in bedroom["silences"]) >= CAME.timestamp()
    # What was written down and worked out before the stay, or rests on days before it, is not in it.
    assert json.loads(files["diary.json"]) == []
    analysis = json.loads(files["analysis.json"])
    assert [d["day"] for d in analysis["days"]] == [f"2026-01-{n:02}" for n in range(10, 20)]
    assert analysis["findings"] == []
    for name in ("cases.json", "contacts.json", "photos.json"):
        assert json.loads(files[name]) == [], name
    assert all("photo" not in name or name == "photos.json" for name in files)
    # The gap of numbers lies after what is shown of the first box.
    assert b"PRIVATE-1" not in b"".join(files.values())


def test_whose_stay_it_is_sees_all_of_it() -> None:
    files, manifest = made(replace(STAY, stay=Span(from_at=datetime(2026, 1, 1, tzinfo=UTC))))
    assert manifest["shown"]["cut"] == ""
    assert len(json.loads(files["cases.json"])) == 1
    assert len(json.loads(files["analysis.json"])["findings"]) == 1
    assert len(json.loads(files["gaps.json"])["missing"]) == 1
    assert "photos/" in " ".join(files)


def test_rooms_that_are_not_shared_and_what_was_written_down_are_left_out() -> None:
    shared = {"frog-0002": Span(from_at=CAME, to_at=datetime(2026, 1, 12, tzinfo=UTC))}
    files, manifest = made(Scope(why="Shared.", rooms=shared, written=False))
    assert {s["name"] for s in manifest["series"] if s["kind"] == "room"} == {"frog-0002"}
    assert (manifest["from_day"], manifest["to_day"]) == ("2026-01-09", "2026-01-11")
    assert manifest["shown"]["written"] is False
    assert json.loads(files["cases.json"]) == json.loads(files["diary.json"]) == []
    assert b"frog-0001" not in b"".join(v for k, v in files.items() if k != "report.pdf")


def test_a_period_outside_the_stay_makes_no_pack() -> None:
    before = replace(ORDER, scope=replace(STAY, stay=Span(from_at=datetime(2026, 2, 1, tzinfo=UTC))))
    with pytest.raises(ConfigurationError, match=r"nothing from 2026-01-05 to 2026-01-24 may be shown"):
        asyncio.run(packed(order=before))
    assert covered(before) is None


def test_all_that_is_asked_for_is_no_cut() -> None:
    period = covered(ORDER)
    assert period is not None
    assert cut_words(ORDER, period) == ""


async def _contents() -> Contents:
    home = await source().home(ORDER.code)
    empty: Any = ()
    return Contents(
        home=home, from_day=FIRST, to_day=LAST, made_at=NOW, why="", cut="", written=True, figures=empty,
        damp_days=tuple(damp_days()), damp_weeks=(damp_week(),), cases=(), states=(), law_title="", law_notice="",
        contacts=(), photos=(), diary=None, missing=(), calibrations=(), time_zone="Europe/London", key_fingerprint="",
        public_key="",
    )  # fmt: skip


def test_the_analysts_figures_are_told_with_band_confidence_and_uncertainty() -> None:
    contents = asyncio.run(_contents())
    rooms, weeks, limits = analysed(contents)
    assert rooms["rows"] == [[
        "Bedroom", "20", "200 (120 to 300)", "480", "0.2 at the end; highest 0.5",
        "0.75 (0.50 to 1.00), learned from a wall probe in 9 nights, standard uncertainty 0.031", "calibration 1",
    ]]  # fmt: skip
    assert weeks["rows"] == [
        ["24 January 2026", "Bedroom", "high", "too little ventilation", "75%", "420 ± 60 Pa"]
    ]
    assert any("judgement of a model" in line for line in limits["items"])
    said = finding_words(contents.damp_weeks)
    assert "too little ventilation (Bedroom, 20 days up to 24 January 2026); confidence 75%" in said
    assert not re.search(r"\bmould\b|fault|blame", said)
    unsure = replace(damp_week(), cause=None, confidence=None, evidence={"not_enough": "Too few cold days."})
    assert finding_words([unsure]).endswith("Too few cold days.")
    assert finding_words([]) == ""
    [nothing] = analysed(replace(contents, damp_days=()))
    assert nothing["kind"] == "para"


def test_days_are_the_households_own_even_where_a_finding_began_before_the_period() -> None:
    found = source()
    files, _ = made(ORDER.scope, found)
    assert len(json.loads(files["analysis.json"])["days"]) == 20
    later = replace(ORDER, from_day=date(2026, 1, 20))
    data, _ = asyncio.run(packed(order=later))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len(json.loads(archive.read("analysis.json"))["findings"]) == 1
