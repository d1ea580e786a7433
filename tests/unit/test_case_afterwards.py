"""What was written down when the time was up says so wherever a case is shown."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from cityops.errors import ConfigurationError
from ops_api.case_work import an_event, case_document, case_lines
from ops_api.housing import view as housing_view
from ops_api.housing.clocks import clock_of
from ops_api.terminal_text import escaped
from ops_api.web import home_case
from ops_api.web.brand import Brand
from rules.catalogue.law_files import load_law
from rules.core.evidence.report import _case
from rules.core.legal_clock import CaseEvent, judge_case
from rules.evidence.figures import FiguresFromReadings
from rules.evidence.memory_book import MemoryBook
from rules.evidence.packing import Workshop, make_pack
from tests.fakes.evidence_home import CODE, HOME_ID, KEY, NOW, ORDER, source

LAW, DAYS = load_law()
SAID = "Written down on Monday 26 January 2026, after the time was up."


async def backdated() -> MemoryBook:
    """A case whose investigation an officer dates into its time, a week after that was over."""
    made = MemoryBook({CODE: HOME_ID})
    given = {"hazard": "damp", "landlord": "N", "council_owned": True, "at": NOW, "by": "Ada"}
    number = await made.open_case(HOME_ID, "significant", **cast("dict[str, Any]", given))
    for kind, days_ago, role in (("aware", 21, "resident"), ("investigated", 14, "officer")):
        at_s = (NOW - timedelta(days=days_ago)).timestamp()
        event = CaseEvent(number=0, kind=kind, at_s=at_s, by="x", role=role)  # type: ignore[arg-type]
        await made.add_event(number, event, NOW)
    return made


def test_the_warning_is_on_pages_rest_and_command_line() -> None:
    [filed] = asyncio.run(_filed())
    case = filed.case
    document = case_document(case, NOW, LAW, DAYS)
    assert (document["steps"][0]["state"], document["steps"][0]["warning"]) == ("met", SAID)
    assert SAID in next(line for line in case_lines(case, NOW, LAW, DAYS) if "Investigate the hazard" in line)
    page = home_case.view([document], [], [], [], {}, now=NOW, brand=Brand())
    assert page.cases[0].steps[0].said.endswith(SAID)
    officer = housing_view.case_view(case, clock_of(case, NOW, LAW, DAYS), [], now=NOW, law=LAW, days=DAYS)
    assert officer.steps[0].note == SAID


async def _filed() -> Any:
    return await (await backdated()).cases()


async def test_the_warning_is_in_the_pack() -> None:
    book, out, found = await backdated(), io.BytesIO(), source()
    await make_pack(Workshop(found, found, FiguresFromReadings, book, book, LAW, DAYS, KEY), ORDER, out)
    with zipfile.ZipFile(out) as archive:
        [told] = json.loads(archive.read("cases.json"))
    assert told["state"]["steps"][0]["warning"] == SAID
    [filed] = await book.cases()
    state = judge_case(filed.case.kind, filed.case.events, NOW.timestamp(), LAW, DAYS)
    printed = _case(cast("Any", SimpleNamespace(time_zone="Europe/London")), filed.case, state)
    assert SAID in msgspec.json.encode(printed).decode()


@pytest.mark.parametrize("kind", ["aware", "investigated", "made_safe", "no_hazard"])
def test_a_day_is_too_little_for_the_hours_of_an_emergency(kind: str) -> None:
    now = datetime(2026, 1, 12, 15, tzinfo=UTC)
    for day in ("2026-01-11", "2026-01-12"):
        with pytest.raises(ConfigurationError, match="say the time of day too"):
            an_event(kind, day, now=now, zone=DAYS.zone, by="x", case="emergency")
        assert an_event(kind, day, now=now, zone=DAYS.zone, by="x").at_s <= now.timestamp()
    for typed in ("2026-01-11T09:30", "2026-01-11 09:30", None):
        an_event(kind, typed, now=now, zone=DAYS.zone, by="x", case="emergency")
    more = an_event(
        "summary",
        "2026-01-11",
        now=now,
        zone=DAYS.zone,
        by="x",
        case="emergency",
        until=str(date(2026, 1, 20)),
    )
    assert DAYS.day_of(more.at_s) == date(2026, 1, 11)


def test_text_of_strangers_is_one_visible_line() -> None:
    assert escaped("Zoë’s café 🐸: 21 °C") == "Zoë’s café 🐸: 21 °C"
    assert (
        escaped("a\x1b[2Jb\nc\x9b\u202e\u2028\udc80\x00") == "a\\x1b[2Jb\\nc\\x9b\\u202e\\u2028\\udc80\\x00"
    )
