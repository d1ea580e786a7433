"""Quiet hours and rota over nights on which the clocks change, planning that can be repeated, signatures."""

from __future__ import annotations

import base64
import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.core.desk.model import Notice
from rules.core.notify.model import Contact, Hook, Message, Person, Shift
from rules.core.notify.quiet import is_quiet, not_before
from rules.core.notify.retry import PACES, next_attempt_s
from rules.core.notify.rota import on_call
from rules.core.notify.route import fan_out
from rules.core.notify.signing import SignatureError, headers, verify
from rules.core.notify.words import FIRST_LINE, HEADS, AlarmText, message

ZONES = ("Europe/London", "Australia/Lord_Howe", "America/St_Johns", "UTC")
MINUTE = st.integers(0, 1439)
CHANGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 11, 1, 4, 30, tzinfo=UTC),
]
AROUND = st.builds(
    lambda change, s: (change + timedelta(seconds=s)).timestamp(),
    st.sampled_from(CHANGES),
    st.integers(-36 * 3600, 36 * 3600),
)
SEVERITY = st.sampled_from(sorted(PACES))


def somebody(begin: int | None, end: int | None, zone: str = "Europe/London", **more: object) -> Person:
    return Person(
        person="amira", label="Amira", time_zone=zone, quiet_from_min=begin, quiet_to_min=end, **more
    )  # type: ignore[arg-type]


@given(MINUTE, MINUTE, st.sampled_from(ZONES), AROUND)
def test_nobody_is_told_in_quiet_hours_nor_later_than_they_last(
    begin: int, end: int, zone: str, now_s: float
) -> None:
    person = somebody(begin, end, zone)
    at_s = not_before(person, "major", now_s)
    assert not is_quiet(person, at_s)
    assert at_s >= now_s
    length_min = (end - begin) % 1440
    # One change of the clocks at most lies between: an hour, half of one on Lord Howe.
    assert at_s - now_s <= 60.0 * length_min + 3600.0
    if not is_quiet(person, now_s):
        assert at_s == now_s


@given(MINUTE, MINUTE, st.sampled_from(ZONES), AROUND, st.floats(0, 1))
def test_between_now_and_then_it_is_quiet_unless_the_night_skips_the_end(
    begin: int, end: int, zone: str, now_s: float, part: float
) -> None:
    person = somebody(begin, end, zone)
    at_s = not_before(person, "info", now_s)
    local = datetime.fromtimestamp(at_s, ZoneInfo(zone))
    assume(at_s > now_s and 60 * local.hour + local.minute == end)
    assert is_quiet(person, now_s + part * (at_s - now_s - 1e-3))


@given(MINUTE, MINUTE, AROUND)
def test_critical_breaks_quiet_hours_where_it_may(begin: int, end: int, now_s: float) -> None:
    person = somebody(begin, end)
    assert not_before(person, "critical", now_s) == now_s
    assert not is_quiet(person, not_before(person, "critical", now_s, break_for_critical=False))


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-03-28T23:00+00:00", "2026-03-29T07:00+01:00"),  # an hour shorter
        ("2026-10-24T23:00+01:00", "2026-10-25T07:00+00:00"),  # an hour longer
        ("2026-01-10T06:59+00:00", "2026-01-10T07:00+00:00"),
        ("2026-01-10T07:00+00:00", "2026-01-10T07:00+00:00"),
        ("2026-01-10T21:59:59+00:00", "2026-01-10T21:59:59+00:00"),
    ],
)
def test_a_night_from_ten_to_seven(now: str, end: str) -> None:
    got = not_before(somebody(22 * 60, 7 * 60), "major", datetime.fromisoformat(now).timestamp())
    assert datetime.fromtimestamp(got, UTC) == datetime.fromisoformat(end)


@given(st.lists(AROUND, min_size=2, max_size=12, unique=True), AROUND)
def test_shifts_that_follow_each_other_leave_one_on_call(times: list[float], now_s: float) -> None:
    marks = sorted(times)
    shifts = [
        Shift(role="duty_officer", person=f"p{i}", from_s=a, to_s=b)
        for i, (a, b) in enumerate(itertools.pairwise(marks))
    ]
    expected = 1 if marks[0] <= now_s < marks[-1] else 0
    assert len(on_call(reversed(shifts), "duty_officer", now_s)) == expected
    assert on_call(shifts, "gritting_officer", now_s) == ()


CHANNELS = st.lists(st.sampled_from(["sms", "mail", "chat"]), unique=True, max_size=3)


@st.composite
def people(draw: st.DrawFn) -> list[Person]:
    names = draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=4))
    found = []
    for name in names:
        contacts = tuple(
            Contact(channel=c, address=f"{name}@{c}", least_severity=draw(SEVERITY)) for c in draw(CHANNELS)
        )
        roles = tuple(draw(st.lists(st.sampled_from(["duty_officer", "gritting"]), unique=True)))
        found.append(
            Person(
                person=name, label=name, roles=roles, contacts=contacts, quiet_from_min=1320, quiet_to_min=420
            )
        )
    return found


TO = st.sampled_from(
    ["on_call:gritting", "role:gritting", "role:nobody", "person:a", "person:z", "team:chat"]
)
SHIFTS = st.lists(
    st.builds(
        Shift,
        role=st.just("gritting"),
        person=st.sampled_from("abcdz"),
        from_s=st.just(0.0),
        to_s=st.just(4e9),
    ),
    max_size=3,
)


@given(people(), SHIFTS, TO, SEVERITY, AROUND)
def test_planning_is_the_same_each_time_and_tells_nobody_twice(
    known: list[Person], shifts: list[Shift], to: str, severity: str, now_s: float
) -> None:
    notice = Notice(alarm_id=7, key="raised:11", kind="raised", to=to, severity=severity, at_s=now_s)
    words = Message(title="t", body="b")
    planned = fan_out(notice, words, known, shifts)
    assert planned == fan_out(notice, words, known, shifts)
    assert len({n.key for n in planned}) == len(planned) == len({n.recipient for n in planned})
    for n in planned:
        assert n.channel not in n.fallback
        assert n.expires_s > n.not_before_s >= now_s
    reachable = [
        p
        for p in known
        if "duty_officer" in p.roles
        and any(sorted(PACES).index(c.least_severity) >= 0 and _takes(c, severity) for c in p.contacts)
    ]
    if reachable:
        assert planned, "somebody is always told where somebody can be"


@given(
    people(),
    SHIFTS,
    SEVERITY,
    AROUND,
    st.dictionaries(st.sampled_from(["a", "b", "z", "team:chat", "webhook:1"]), SEVERITY, max_size=5),
)
def test_that_it_is_over_goes_once_to_whom_it_went_whoever_is_on_call_now(
    known: list[Person], shifts: list[Shift], severity: str, now_s: float, heard: dict[str, str]
) -> None:
    words, hooks = Message(title="t", body="b"), [Hook(webhook_id=2, url="https://x", secret_name="s")]
    planned = [
        fan_out(notice, words, known, shifts, hooks=hooks, heard=heard)
        for notice in (
            Notice(alarm_id=7, key=f"7:11:cleared:{to}", kind="cleared", to=to, severity=severity, at_s=now_s)
            for to in ("on_call:gritting", "team:chat")
        )
    ]
    assert planned[0] == planned[1], "the same keys, which the outbox has once"
    can = {
        p.person
        for p in known
        if any(_takes(c, severity) or _takes(c, heard.get(p.person, "info")) for c in p.contacts)
    }
    assert {n.recipient for n in planned[0]} == {h for h in heard if h in can or h == "team:chat"} | {
        "webhook:2"
    }


def _takes(contact: Contact, severity: str) -> bool:
    order = ["info", "warning", "major", "critical"]
    return order.index(contact.least_severity) <= order.index(severity)


@given(SEVERITY, st.integers(1, 60), st.floats(0, 1, exclude_max=True), st.booleans())
def test_attempts_come_later_and_later_and_end(
    severity: str, attempt: int, draw: float, has_fallback: bool
) -> None:
    pace = PACES[severity]
    at_s = next_attempt_s(severity, attempt, 1000.0, 1e9, draw=draw, has_fallback=has_fallback)
    if has_fallback and attempt >= pace.most:
        assert at_s is None
    else:
        assert at_s is not None
        assert pace.first_s / 2 <= at_s - 1000.0 <= pace.cap_s
    assert next_attempt_s(severity, attempt, 1000.0, 1000.0, draw=draw) is None
    asked = next_attempt_s(severity, 1, 0.0, 1e9, draw=draw, retry_after_s=900.0)
    assert asked is not None
    assert asked >= 900.0


KEY = st.binary(min_size=24, max_size=64)


@given(KEY, st.binary(max_size=200), st.integers(0, 2**40), st.integers(-300, 300))
def test_what_was_signed_is_believed_once(key: bytes, body: bytes, stamp: int, off_s: int) -> None:
    seen: set[str] = set()
    signed = headers(key, "7:raised:amira", stamp, body)
    assert verify([b"0" * 24, key], signed, body, stamp + off_s, seen=seen) == "7:raised:amira"
    with pytest.raises(SignatureError, match="was there before"):
        verify([key], signed, body, stamp + off_s, seen=seen)


@given(
    KEY,
    st.binary(max_size=50),
    st.sampled_from(["body", "id", "timestamp", "signature", "key", "old", "early"]),
)
def test_what_was_changed_is_not_believed(key: bytes, body: bytes, what: str) -> None:
    signed, now_s, keys = headers(key, "a", 10_000, body), 10_000.0, [key]
    if what == "body":
        body += b"!"
    elif what == "key":
        keys = [base64.b85encode(key) + b"x"]
    elif what in ("old", "early"):
        now_s += 301 if what == "old" else -301
    else:
        signed[f"webhook-{what}"] = {"id": "b", "timestamp": "10001", "signature": "v1,AAAA é"}[what]
    seen: set[str] = set()
    with pytest.raises(SignatureError):
        verify(keys, signed, body, now_s, seen=seen)
    assert not seen


@given(
    st.sampled_from(sorted(HEADS)),
    SEVERITY,
    st.text(max_size=300),
    st.text(max_size=300),
    st.text(max_size=20),
)
def test_first_lines_fit_and_are_one_line(
    kind: str, severity: str, title: str, reason: str, role: str
) -> None:
    said = message(kind, AlarmText(alarm_id=1, title=title, reason=reason, severity=severity), role)
    assert len(said.title) <= FIRST_LINE
    assert said.title.isprintable()
    assert said.body
