"""What a claim keeps of a configuration is what was there, however that was spelled."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.agent.claim_config import Place, configuration
from devices.agent.kept_sections import CLAIMED, kept_of
from devices.contract.provisioning import ClaimAnswer

ANSWER = ClaimAnswer(
    name="frog-1", kind="frog", shard=3, cadence_s=300, host="mqtt.example", port=8883, ca="PEM",
    certificate="", update_keys="",
)  # fmt: skip
LINES = (
    "[device]",
    "[[sensors]]",
    '["broker"]',
    "device = 1",
    '"',
    "]",
    "#",
    "",
    "a\u2028[device]",
    "b\u0085[page]",
)
"""Of strings over several lines: each looks like something else, or ends a line for who does not know TOML."""


def claimed(text: str) -> str:
    """Return what a claim writes in the place of a configuration."""
    place = Place(config=Path("/nowhere/agent.toml"), data_dir=Path("/nowhere"))
    return configuration(ANSWER, place, "token", "https://x", kept=kept_of(text))


def new_and_old(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the new configuration and the old one, parsed, without what a claim writes."""
    new, old = tomllib.loads(claimed(text)), tomllib.loads(text)
    assert new["device"]["name"] == "frog-1"
    assert new["broker"]["host"] == "mqtt.example"
    if "sensors" not in old:
        assert new.pop("sensors") == [{"driver": "sht4x"}]
    return tuple({k: v for k, v in one.items() if k not in CLAIMED} for one in (new, old))  # type: ignore[return-value]


@pytest.mark.parametrize(
    "text",
    [
        '[page]\nport = 1\n["device"]\nname = "frog-0"\n[ \'broker\' ]\nhost = "old"\n',
        '[ device . "x" ]\na = 1\n[["server"]]\nurl = 1\n[ "page" ]\nport = 1\n',
        'sensors = [\n  { driver = "ds18b20" },\n]\npage.port = 1\ndevice = { name = "frog-0" }\nbroker.host = "old"\n',
        '"page" = { port = 1 }\n"dev\\u0069ce".name = "frog-0"\n[\'broker\']\nhost = "old"\n',
        '[page]\nroom = """\n[device]\nname = 1\n"""\nport = 1\n[device]\nx = [\n["page"],\n]\n',
        '[page]\nroom = "a\u2028[device]\u0085b"\nport = 1\n',
        "[page]\r\nroom = '''\r\n[broker]'''\r\n[broker]\r\nhost = 'old'\r\n[eyes]\r\npin = 1\r\n",
        '[page]\na = """x"""""\nb = \'\'\'y\'\'\'\'\'\nc = "\\"[" # "[\nd = [""] # \'\'\'\ne = [\'\', \'"\', """\n\\"""\n]"""]\n[device]\n',
        '[page]\na = """""""\nb = [ # ]\n["]", \']\'], { "}" = "{" },\n]\n[device]\nname = """\n[eyes]"""\n',
        "[[sensors]]\na = 1\n[device]\n[sensors.more]\nb = 2\n[broker]\n[[sensors]]\na = 3",
    ],
)
def test_spellings_that_are_legal_are_read(text: str) -> None:
    new, old = new_and_old(text)
    assert new == old


def test_comments_stay_with_what_they_are_about() -> None:
    kept = kept_of(
        "# the wall\npage.port = 1  # ours\n\n\n[device]\nname = 'x'\n# of this too\n\n# the cold one\n[[sensors]]"
        "\n# driver = 'dht22'\n[broker]\nhost = 'old'\n"
    )
    assert kept.top == "# the wall\npage.port = 1  # ours"
    assert kept.sections == "# the cold one\n[[sensors]]\n# driver = 'dht22'"


def test_a_second_claim_changes_nothing_more() -> None:
    once = claimed("page.port = 1\n[eyes]\npin = 1  # left\n")
    assert claimed(once) == once


def test_a_statement_of_many_lines_is_read_as_often_as_one_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed, loads = list[int](), tomllib.loads

    def counted(text: str) -> dict[str, Any]:
        parsed.append(len(text))
        return loads(text)

    monkeypatch.setattr("devices.agent.kept_sections.tomllib.loads", counted)
    text = "[page]\nnames = [\n" + "  'frog.lan',\n" * 300 + "]\n"
    assert kept_of(text).sections == text.strip()
    assert sum(parsed) <= 2 * len(text)


def test_nothing_is_made_of_a_file_that_is_no_toml() -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        kept_of('[page]\nroom = "kitchen\n[device]\n')


@dataclass(frozen=True)
class Section:
    """A section in one spelling: lines before any header, or from its own on."""

    is_top: bool
    text: str


def spelled(name: str) -> st.SearchStrategy[str]:
    """Return a key as it may be written."""
    escaped = "".join(f"\\u{ord(c):04x}" for c in name)
    return st.sampled_from([name, f'"{name}"', f"'{name}'", f'"{escaped}"'])


@st.composite
def values(draw: st.DrawFn) -> str:
    """Return a value, over several lines or on one."""
    inner = draw(st.lists(st.sampled_from(LINES), max_size=3))
    basic = json.dumps("\n".join(inner), ensure_ascii=False).replace("\u0085", "\\u0085")
    literal = "'''\n" + "\n".join(inner) + "'''"
    array = draw(st.sampled_from(["[{}]", "[\n  {},\n]", "[ # [device]\n{}\n# ]\n]"])).format(basic)
    return draw(st.sampled_from([basic, literal, array, "0.0", f"[{literal}, {basic}]", "{ a = [\n[1]] }"]))


@st.composite
def sections(draw: st.DrawFn, name: str) -> Section:
    """Return a section of a name: a table, one in line, dotted keys, an array of tables."""
    key, one, other = draw(spelled(name)), draw(values()), draw(values())
    gap = draw(st.sampled_from(["", " ", "\t"]))
    return draw(
        st.sampled_from(
            [
                Section(True, f"{key}{gap}.{gap}a = {one}\n{key}.'b' = {other}"),
                Section(True, f"{key} = {{ a = {one}, b = 1 }}"),
                Section(True, f"{key} = [ {one},\n {other} ]"),
                Section(False, f"[{gap}{key}{gap}] # {key} = '''\na = {one}\n# [device]\nb.c = {other}"),
                Section(False, f"{gap}[[{gap}{key}]]\na = {one}\n\n[[{key}]]\n[{key} . x]\nb = {other}"),
                Section(False, f"[{key}{gap}.{gap}'x']\na = {one}\n[{key}]\nb = {other}"),
            ]
        )
    )


@st.composite
def configurations(draw: st.DrawFn) -> str:
    """Return a configuration of some sections in any order and spelling."""
    names = draw(st.permutations(["device", "broker", "server", "sensors", "page", "update", "eyes"]))
    made = [draw(sections(name)) for name in names[: draw(st.integers(0, 7))]]
    ordered = [s.text for s in made if s.is_top] + [s.text for s in made if not s.is_top]
    between = draw(st.sampled_from(["\n", "\n\n", "\n# [page]\n", "\n  \n# x = '''\n\n"]))
    return draw(st.sampled_from(["\n", "\r\n"])).join(between.join(ordered).split("\n"))


@settings(max_examples=150, deadline=None)
@given(configurations())
def test_what_a_claim_does_not_write_is_in_the_new_file_as_it_was_in_the_old(text: str) -> None:
    new, old = new_and_old(text)
    assert new == old


@pytest.mark.parametrize(
    "text",
    [
        "[broker]\nkeepalive_s = 20\n[server]\nrotate_days = 0\n",
        "broker.keepalive_s = 20\nserver = { url = 'https://old', rotate_days = 0 }\n",
    ],
)
def test_what_a_claim_has_no_word_on_stays_in_the_sections_that_it_writes(text: str) -> None:
    """A password that is never to be made anew was, half a year after the next claim."""
    new = tomllib.loads(claimed(text))
    assert (new["broker"]["keepalive_s"], new["broker"]["host"]) == (20, "mqtt.example")
    assert (new["server"]["rotate_days"], new["server"]["url"]) == (0, "https://x")


def test_what_is_no_number_there_is_not_taken_over() -> None:
    kept = kept_of("server = 1\n[broker]\nkeepalive_s = true\nhost = 'old'\n")
    assert not kept
