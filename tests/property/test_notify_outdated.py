"""What waited is no news any more: for any alarm, any message, and any order of what happens to both."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.notify.digest import gathers
from rules.core.notify.model import Notification, Sent
from rules.core.notify.outdated import ASKS, OVER, AlarmNow, Suppressed, fate, over_by_now
from rules.core.notify.words import FIRST_LINE, HEADS
from rules.notify.memory_outbox import MemoryOutbox

T = 1_764_000_000.0
SEVERITIES = st.sampled_from(("info", "warning", "major", "critical"))
BOOL = st.booleans()
NOW = st.builds(
    AlarmNow, severity=SEVERITIES, active=BOOL, acknowledged_by=st.sampled_from((None, "Ada")), shelved=BOOL,
    closed=BOOL, flapping=BOOL, assignee=st.sampled_from((None, "amira", "ben")), told=BOOL, told_critical=BOOL, waits=BOOL,
)  # fmt: skip


def message(kind: str, severity: str = "major", recipient: str = "amira", **more: Any) -> Notification:
    values: dict[str, Any] = {
        "key": f"1:1:9:{kind}:person:amira:{recipient}:sms", "recipient": recipient, "channel": "sms", "address": "",
        "kind": kind, "severity": severity, "title": "Major: Route 1: ice", "body": "b", "not_before_s": T,
        "expires_s": T + 1e6, "alarm_id": 1,
    }  # fmt: skip
    return Notification(**values | more)


@given(st.sampled_from(sorted(HEADS)), SEVERITIES, NOW)
def test_the_rules_hold_for_every_message_and_every_standing(kind: str, severity: str, now: AlarmNow) -> None:
    found = fate(message(kind, severity), now)
    sent = not isinstance(found, Suppressed)
    in_hand = now.closed or now.shelved or now.acknowledged_by is not None
    critical = "critical" in (severity, now.severity)
    if kind in ASKS:
        if in_hand:
            assert not sent, "a person's word ends the asking, of fires too"
        elif now.active:
            assert found == "send" or (kind == "flapping" and not now.flapping)
        else:
            knows = now.told_critical if severity == "critical" else now.told
            assert (found == "over") == (critical and not knows), "only a fire that nobody has heard of"
            assert sent == (found == "over"), "never as if it were news"
    elif kind == "cleared":
        assert sent == (now.told or (critical and now.waits and not in_hand))
    elif kind == "assigned":
        assert sent == (now.assignee == "amira" and not now.closed)
        assert not sent or (found == "over") == (not now.active)
    else:
        assert found == "send"
    assert fate(message(kind, severity, "webhook:3"), now) == "send", "an event is what happened"
    assert fate(message(kind, severity, alarm_id=None), None) == "send"


@given(st.text(max_size=150))
def test_the_first_line_says_that_it_is_over_within_its_length(title: str) -> None:
    said = over_by_now(message("raised", title=title)).title
    assert said.endswith(OVER)
    assert len(said) <= FIRST_LINE


@pytest.mark.parametrize(
    ("now", "why"),
    [
        ({"acknowledged_by": "Ada"}, "Ada has acknowledged its alarm"),
        ({"shelved": True}, "its alarm is shelved"),
        ({"closed": True, "acknowledged_by": "Ada"}, "its alarm is closed"),
        ({"active": False}, "its alarm has cleared"),
    ],
)
def test_why_is_said_in_words(now: dict[str, Any], why: str) -> None:
    found = fate(message("raised"), AlarmNow(**now))
    assert isinstance(found, Suppressed)
    assert found.why == why


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("plan"), st.sampled_from(("raised", "escalated", "repeated")), st.sampled_from(("amira", "ben"))),
        st.tuples(st.just("send"), st.sampled_from(("sent", "retry", "unknown", "refused")), BOOL),
        st.tuples(st.just("wait"), st.sampled_from((1.0, 400.0)), st.none()),
        st.tuples(st.sampled_from(("acknowledge", "give back", "shelve", "clear")), st.none(), st.none()),
    ),
    max_size=25,
)  # fmt: skip


class Story:
    """One alarm and the outbox: what is planned as the desk would, and what people get to read."""

    def __init__(self, severity: str, digest_s: float) -> None:
        self.outbox, self.now_s, self.severity, self.digest_s = MemoryOutbox(), T, severity, digest_s
        self.alarm = AlarmNow(severity=severity)
        self.read: list[tuple[str, str, bool]] = []  # recipient, first line, whether somebody was to be asked
        self.planned = 0

    async def plan(self, kind: str, recipient: str) -> None:
        self.planned += 1
        waits = gathers(self.severity, recipient, self.digest_s)
        due_s = self.now_s + (self.digest_s if waits else 0.0)
        more = {"not_before_s": due_s, "gather_from_s": self.now_s if waits else None, "fallback": ("mail",)}
        title = "Over: ice" if kind == "cleared" else f"{kind}: ice"
        await self.outbox.put(
            [message(kind, self.severity, recipient, key=f"k{self.planned}", title=title, **more)]
        )

    async def clear(self) -> None:
        heard = {r.notification.recipient for r in self.outbox.rows if r.notification.kind != "digest"}
        self.alarm = AlarmNow(severity=self.severity, active=False)
        for recipient in sorted(heard):
            await self.plan("cleared", recipient)

    async def send(self, verdict: Any, again: bool) -> None:
        self.outbox.alarms[1] = self.alarm
        waiting = self.alarm.active and self.alarm.acknowledged_by is None and not self.alarm.shelved
        for channel in ("sms", "mail"):
            await self.outbox.bundle(channel, self.now_s)
            for one in await self.outbox.claim(channel, "w", 60.0, 100, self.now_s):
                n = over_by_now(one.notification) if one.over else one.notification
                if verdict in ("sent", "unknown"):
                    self.read.append((n.recipient, n.title, waiting))
                next_s = self.now_s + 5.0 if again and verdict in ("retry", "unknown") else None
                await self.outbox.record(one, Sent(verdict=verdict), self.now_s, next_s)

    async def happens(self, what: str, detail: Any, other: Any) -> None:
        if what == "send":
            await self.send(detail, other)
        elif what == "wait":
            self.now_s += detail
        elif not self.alarm.active:
            return
        elif what == "plan":
            if self.alarm.acknowledged_by is None and not self.alarm.shelved:
                await self.plan(detail, other)
        elif what == "clear":
            await self.clear()
        else:
            changes = {"acknowledge": ("Ada", False), "give back": (None, False), "shelve": (None, True)}
            by, shelved = changes[what]
            self.alarm = AlarmNow(severity=self.severity, acknowledged_by=by, shelved=shelved)


@settings(max_examples=150)
@given(SEVERITIES, st.sampled_from((0.0, 300.0)), STEPS)
def test_nobody_reads_what_is_no_news_whatever_happens_when(
    severity: str, digest_s: float, steps: list[tuple[str, Any, Any]]
) -> None:
    async def run() -> Story:
        story = Story(severity, digest_s)
        for step in [*steps, ("wait", 400.0, None), ("send", "sent", False)]:
            await story.happens(*(*step, None)[:3])
        return story

    story = asyncio.run(run())
    for number, (recipient, title, waiting) in enumerate(story.read):
        before = [t for who, t, _ in story.read[:number] if who == recipient]
        if title.startswith("Over:"):
            heard = any(not t.startswith("Over:") for t in before)
            fire = severity == "critical" and any(
                who == recipient and not t.startswith("Over:") for who, t, _ in story.read
            )
            assert heard or fire, "that it is over hears who heard that it was up"
        elif title.endswith(OVER):
            assert severity == "critical"
        else:
            assert waiting, f"{title!r} asks for what is not wanted any more"
    rows = story.outbox.rows
    assert all((r.state == "suppressed") == (r.suppressed_why is not None) for r in rows)
