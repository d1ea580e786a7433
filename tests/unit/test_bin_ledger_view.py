"""The ledger's page and its settings files, without a database."""

from __future__ import annotations

import pytest

from cityops.errors import ConfigurationError
from ops_api.web.ledger_view import NONE, page
from rules.bin_ledger.settings import parse_schedule, parse_tariffs, shipped_tariffs
from rules.core.bin_ledger.making import make
from rules.core.bin_ledger.shown import number, signed
from tests.fakes.bin_ledger_month import FIRST, month


def test_the_first_line_answers_whether_anything_was_saved() -> None:
    s = make(month()).statement
    shown = page(s, [FIRST])
    assert shown.headline == s.answer
    assert shown.headline.startswith(("No: £386 lost", "Not shown: £386 lost"))
    rows = {r.name: r for r in shown.rows}
    assert (rows["Cost of sensors"].was, rows["Cost of sensors"].kind) == ("£640", "bad")
    assert rows["Collections (stops at bins)"].difference.startswith("Not shown: −")
    assert rows["Collections (stops at bins)"].kind == "open"
    assert shown.months == (("2026-01", "January 2026", True),)
    assert shown.what_ifs[0][0] == "as stated"


def test_what_is_not_known_says_why() -> None:
    rows = {r.name: r for r in page(make(month(rounds=None)).statement, []).rows}
    assert rows["Distance driven"].difference == "Not known: no rounds are kept."
    assert (rows["Distance driven"].was, rows["Distance driven"].kind) == ("not known", "open")


def test_without_a_statement_the_page_says_how_to_get_one() -> None:
    empty = page(None, [])
    assert (empty.headline, empty.rows) == (NONE, ())
    assert "cityops bins schedule set" in empty.sub


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "km", "not known"),
        (0.0, "£", "£0"),
        (-386.4, "£", "−£386"),
        (2.345, "", "2.35"),
        (6.0, "", "6"),
        (3.0, "£", "£3.00"),
        (1234.5, "min", "1,234 min"),
    ],
)
def test_figures_are_written_for_people(value: float | None, unit: str, text: str) -> None:
    assert number(value, unit) == text


def test_a_difference_has_its_sign() -> None:
    assert (signed(3.0), signed(-3.0), signed(0.0)) == ("+3", "−3", "0")


SCHEDULE = 'source = "rota"\n[[plans]]\nname = "x"\nevery_days = 2\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("=", "no TOML"),
        ('source = ""\n[[plans]]\nname = "x"\nevery_days = 2\n', "say where the schedule is from"),
        ('source = "rota"\nplans = []\n', "at least one round"),
        (SCHEDULE + "weekdays = [0]\n", "either weekdays or every_days"),
        (SCHEDULE + "weekdays = [7]\nfrom_h = 14.0\n", "either weekdays"),
        (SCHEDULE + "from_h = 14.0\n", "hours of a day"),
        (SCHEDULE + "km = -1.0\n", "can't be that"),
        (SCHEDULE + 'bins = ["a", "a"]\n', "twice in one"),
        (SCHEDULE + '[[plans]]\nname = "y"\nevery_days = 1\n', "only one round can be of all other bins"),
        (SCHEDULE + '[baseline]\ncomplaints = 1\ndays = 0\nsource = "x"\n', "at least one day"),
        (SCHEDULE + 'colour = "red"\n', "colour"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        parse_schedule(text, "rota.toml")


def test_tariffs_change_one_by_one_and_unknown_ones_are_refused() -> None:
    one = '[diesel_gbp_l]\nvalue = 1.3\nlow = 1.2\nhigh = 1.4\nunit = "£/l"\nsource = "contract"\nyear = 2026\nassumed = false\n'
    found = parse_tariffs(one, "ours.toml", shipped_tariffs())
    assert (found.diesel_gbp_l.value, found.crew_gbp_h) == (1.3, shipped_tariffs().crew_gbp_h)
    for text, says in (
        (one.replace("diesel", "petrol"), "unknown figure 'petrol_gbp_l'"),
        (one.replace("1.2", "1.35"), "must rise"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            parse_tariffs(text, "ours.toml", shipped_tariffs())
    with pytest.raises(ConfigurationError, match="missing required field"):
        parse_tariffs(one, "ours.toml")
