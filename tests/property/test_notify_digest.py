"""One message of many: for any messages of one person the worst comes first and nothing is left out."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from rules.core.alarm_spec import rank
from rules.core.notify.digest import LINES, digest, gathers
from rules.core.notify.model import Notification
from rules.core.notify.words import FIRST_LINE

T = 1_764_000_000.0
PARTS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(1, 9)),
        st.sampled_from(("raised", "escalated", "cleared", "severity")),
        st.sampled_from(("info", "warning", "major")),
        st.text(min_size=1, max_size=40),
    ),
    min_size=1,
    max_size=40,
)


def messages(parts: list[tuple[int | None, str, str, str]]) -> list[tuple[int, Notification]]:
    return [
        (
            n + 1,
            Notification(
                key=f"k{n}", recipient="amira", channel="sms", address="", kind=kind, severity=severity, title=title,
                body="why", not_before_s=T, expires_s=T + 60 * n, alarm_id=alarm, fallback=("mail",), gather_from_s=T,
            ),
        )
        for n, (alarm, kind, severity, title) in enumerate(parts)
    ]  # fmt: skip


@given(PARTS)
def test_first_line_counts_and_worst_first(parts: list[tuple[int | None, str, str, str]]) -> None:
    found = messages(parts)
    one = digest(found, T + 300)
    assert one == digest(list(reversed(found)), T + 300), "in any order the same"
    assert (one.recipient, one.channel, one.kind, one.gather_from_s) == ("amira", "sms", "digest", None)
    assert len(one.title) <= FIRST_LINE
    assert one.not_before_s == T + 300
    assert one.expires_s == max(n.expires_s for _, n in found)
    assert one.severity == max((n.severity for _, n in found), key=rank)
    assert one.data["messages"] == len(found)
    alarms = {n.alarm_id for _, n in found if n.alarm_id is not None}
    assert set(one.data["alarms"]) == alarms
    said = len(alarms) + sum(n.alarm_id is None for _, n in found)
    if said == 1:
        assert one.body == "why"
        return
    counts = re.match(r"(\d+) alarms: ((?:\d+ \w+(?:, )?)+)\.", one.title)
    assert counts is not None
    assert int(counts[1]) == said == sum(int(c) for c in re.findall(r"\d+", counts[2]))
    lines = one.body.split("\n")[:-1]
    assert len(lines) == min(said, LINES) + (said > LINES)
    if said > LINES:
        assert lines[-1] == f"And {said - LINES} more."


def test_the_words_of_a_night() -> None:
    found = messages(
        [
            (1, "raised", "warning", "Warning: Bin 12 is full. 92 %."),
            (2, "raised", "major", "Major: Route 1: ice. 2 stretches at −1.2 °C."),
            (3, "raised", "warning", "Warning: Home 17 is damp. 84 %."),
            (3, "cleared", "warning", "Over: Home 17 is damp. 74 %."),
        ]
    )
    one = digest(found, T)
    assert one.title == "3 alarms: 1 major, 1 warning, 1 over. Major: Route 1: ice. 2 stretches at −1.2 °C."
    assert one.body == (
        "Major: Route 1: ice. 2 stretches at −1.2 °C. (alarm 2)\n"
        "Warning: Bin 12 is full. 92 %. (alarm 1)\n"
        "Over: Home 17 is damp. 74 %. (alarm 3)\n"
        "Acknowledge each, or hand it to somebody: until then the next in line is told."
    )
    assert one.data == {"messages": 4, "alarms": [2, 1, 3]}


def test_critical_messages_and_programs_wait_for_nobody() -> None:
    assert gathers("major", "amira", 60.0)
    assert gathers("info", "team:teams", 60.0)
    assert not gathers("critical", "amira", 60.0)
    assert not gathers("major", "webhook:1", 60.0)
    assert not gathers("major", "amira", 0.0)
