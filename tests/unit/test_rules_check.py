"""Errors of a catalogue have the line of the value that is wrong, whichever it is, and all are told."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache

import pytest

from rules.catalogue.check import check
from rules.catalogue.lines import line_of
from rules.catalogue.loader import FILES, load, read_files

SHIPPED = read_files()
LIVE = load()
_LEAF = re.compile(r"^([\w.\"]+)\s*=")


@pytest.fixture(scope="module", autouse=True)
def _read_once() -> Iterator[None]:
    """A check reads every file, and one of them is another at each of a thousand checks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tomllib, "loads", cache(tomllib.loads))
        yield


def leaves() -> list[tuple[str, int]]:
    """Every line of every shipped file that sets a value."""
    return [
        (name, number)
        for name, text in SHIPPED.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if _LEAF.match(line)
    ]


def with_line(name: str, number: int, new: str) -> dict[str, str]:
    lines = SHIPPED[name].splitlines()
    lines[number - 1] = new
    return {**SHIPPED, name: "\n".join(lines) + "\n"}


def line(text: str, snippet: str) -> int:
    """The line of ``text``, from 1, that has ``snippet``."""
    return next(n for n, found in enumerate(text.splitlines(), start=1) if snippet in found)


def test_there_are_many_values() -> None:
    assert len(leaves()) > 150
    assert {name for name, _ in leaves()} == set(SHIPPED)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_any_wrong_value_is_told_with_its_line(name: str) -> None:
    for file, number in leaves():
        if file != name:
            continue
        shipped = SHIPPED[name].splitlines()[number - 1]
        key = shipped.split("=")[0].strip()
        report = check(with_line(name, number, f"{key} = {{ wrong = 1 }}"))
        assert report.catalogue is None
        assert [(e.file, e.line) for e in report.errors] == [(name, number)], shipped
        assert key in str(report.errors[0])


FREE = ("at_least_s", "most_c_per_min")
"""Tables by kind of device: an installation has kinds of its own."""


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_field_nobody_knows_is_told_with_its_line(name: str) -> None:
    lines = SHIPPED[name].splitlines()
    for number, header in enumerate(lines, start=1):
        if not header.startswith("[") or header.strip("[]").endswith(FREE):
            continue
        text = "\n".join([*lines[:number], "misspelt = 1", *lines[number:]])
        report = check({**SHIPPED, name: text})
        assert [(e.file, e.line) for e in report.errors] == [(name, number + 1)]
        assert "misspelt" in str(report.errors[0])


def test_all_errors_of_all_files_are_told() -> None:
    files = dict(SHIPPED)
    files["winter_gritting.toml"] = (
        files["winter_gritting.toml"]
        .replace("action_c = 1.0", 'action_c = "cold"')
        .replace("horizon_h = 6.0\n", "")
        .replace("spreading_km_h = 40.0", "spreading_km_h = -1.0")
        .replace("Europe/London", "Europe/Lundon")
    )
    files["bins_full.toml"] = files["bins_full.toml"].replace("noise_mm = 10.0", "noise_mm = 0.0")
    files["device_silent.toml"] = files["device_silent.toml"].replace("road = 3600.0", "road = -3600.0")
    said = [str(e) for e in check(files).errors]
    assert [s for s in said if s.startswith("winter_gritting.toml:8: parameters.action_c = 'cold': expected")]
    assert [s for s in said if s.startswith("winter_gritting.toml:7: parameters: ") and "horizon_h" in s]
    assert [s for s in said if "parameters.spread.spreading_km_h = -1.0: expected `float` > 0" in s]
    noise = line(files["bins_full.toml"], "noise_mm")
    assert f"bins_full.toml:{noise}: parameters.filter.noise_mm = 0.0: expected `float` > 0.0" in said
    road = line(files["device_silent.toml"], "road =")
    assert [
        s for s in said if s.startswith(f"device_silent.toml:{road}: parameters.at_least_s.road = -3600.0")
    ]
    assert len(said) == 5  # the zone is looked at once the file can be read


def test_a_pair_that_does_not_fit_is_told_at_the_value_it_names() -> None:
    text = SHIPPED["damp_surface_humidity.toml"].replace("clear_pct = 75.0", "clear_pct = 85.0")
    [error] = check({**SHIPPED, "damp_surface_humidity.toml": text}).errors
    assert error.line == line(text, "clear_pct = 85.0")
    assert error.text.startswith("parameters.clear_pct = 85.0: clear_pct 85.0 must")


def test_a_zone_and_a_matrix_that_are_not_there() -> None:
    for old, new, says in (
        ("Europe/London", "Europe/Lundon", "no such time zone"),
        ('"scottish_2010"', '"welsh"', "there is no file matrix_welsh.toml; matrices here: scottish_2010"),
    ):
        text = SHIPPED["winter_gritting.toml"].replace(old, new)
        errors = check({**SHIPPED, "winter_gritting.toml": text}).errors
        assert [(e.file, e.line) for e in errors] == [("winter_gritting.toml", line(text, new))]
        assert says in str(errors[0])


def test_what_is_no_toml_has_its_line() -> None:
    text = SHIPPED["bins_round.toml"].replace("version = 2", "version = ")
    [error] = check({**SHIPPED, "bins_round.toml": text}).errors
    assert (error.file, error.line) == ("bins_round.toml", 2)
    assert "no TOML" in str(error)


def test_the_shipped_catalogue_has_nothing_to_be_said_of() -> None:
    report = check(SHIPPED, LIVE)
    assert report.errors == ()
    assert report.warnings == ()
    assert report.catalogue == LIVE


def test_a_change_without_a_new_version_is_told() -> None:
    changed = SHIPPED["winter_ice.toml"].replace("raise_after_s = 600.0", "raise_after_s = 900.0")
    [warning] = [
        w for w in check({**SHIPPED, "winter_ice.toml": changed}, LIVE).warnings if "version" in w.text
    ]
    assert (warning.file, warning.line) == ("winter_ice.toml", 2)
    found = re.search(r"version = (\d+)", changed)
    assert found is not None
    raised = changed.replace(found[0], f"version = {int(found[1]) + 1}")
    assert not [
        w for w in check({**SHIPPED, "winter_ice.toml": raised}, LIVE).warnings if "version" in w.text
    ]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("platform_no_readings.toml", "silent_s = 600.0", "silent_s = 900.0"),
        ("platform_rules_behind.toml", "raise_at = 120.0", "raise_at = 180.0"),
        ("escalation_winter.toml", "renotify_most = ", "renotify_most = 1"),
        ("winter_order_unanswered.toml", "answer_s = 1800.0", "answer_s = 900.0"),
        ("incidents_grouping.toml", "majors = 3", "majors = 4"),
    ],
)
def test_so_it_is_where_only_the_desk_reads_the_file(name: str, old: str, new: str) -> None:
    changed = SHIPPED[name].replace(old, new)
    [warning] = check({**SHIPPED, name: changed}, LIVE, SHIPPED).warnings
    assert (warning.file, warning.line) == (name, line(changed, "version ="))
    assert "raise it" in warning.text
    raised = re.sub(r"version = \d+", "version = 99", changed)
    assert check({**SHIPPED, name: raised}, LIVE, SHIPPED).warnings == ()
    words = re.sub(r'reason = ".*"', 'reason = "Other words."', SHIPPED[name])
    assert check({**SHIPPED, name: words}, LIVE, SHIPPED).warnings == ()


def test_an_id_that_does_not_fit_and_a_file_that_nobody_reads() -> None:
    text = SHIPPED["winter_ice.toml"].replace('"winter.ice"', '"winter.rime"')
    said = [str(w) for w in check({**SHIPPED, "winter_ice.toml": text, "notes.toml": 'id = "x.y"'}).warnings]
    assert "winter_ice.toml:1: id = 'winter.rime': does not fit the file's name" in said
    assert any(s.startswith("notes.toml:1: no rule reads this file") for s in said)


def test_lines_of_arrays_dotted_keys_and_tables() -> None:
    text = 'a.b = 1\n\n# a comment\nlist = [\n  1,\n  2,\n]\n[[t]]\nx = 1\n[[t]]\n\nx = """\none\n"""\n[u.v]\nw = 1\n'
    tomllib.loads(text)
    assert line_of(text, ("a", "b")) == 1
    assert line_of(text, ("list",)) == line_of(text, ("list", 1)) == 4
    assert line_of(text, ("t", 0, "x")) == 9
    assert line_of(text, ("t", 1)) == 10
    assert line_of(text, ("t", 1, "x")) == 12
    assert line_of(text, ("u", "v", "w")) == 16
    assert line_of(text, ("u", "v", "nothing")) == 15
    assert line_of(text, ("nothing",)) == 1


def test_every_file_of_a_rule_is_shipped() -> None:
    assert {name for name, _ in FILES.values()} <= SHIPPED.keys()
