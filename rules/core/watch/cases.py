"""From what the watch sees to one case for each subject: what it asks, and in which words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rules.core.alarms import Demand, demand
from rules.core.conditions.telling import Subject, Words
from rules.core.effects import iso, num
from rules.core.watch.model import ChannelSeen, QuarantinedSeen, Seen, Watched
from rules.core.watch.rules import WatchRules

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Case:
    """One subject of a rule as it is now.

    Attributes:
        own: what the rule's own condition asks for; None where it is unknown.
        value: the quantity of the levels' thresholds; of a silent town, seconds beyond its limit.
    """

    subject: Subject
    own: Demand | None
    value: float | None


def cases(seen: Seen, watched: Watched) -> Iterator[Case]:
    """Yield a case for everything that is watched."""
    yield _no_readings(seen, watched.rules)
    yield _rules_behind(seen, watched.rules)
    for channel in seen.channels:
        yield _channel(channel, watched.rules)
    for role, chains in sorted(watched.roles.items()):
        yield _rota(role, chains, seen, watched.rules)
    for device in seen.quarantined:
        yield _quarantined(device, watched.rules)


def gone(rules: WatchRules, rule_id: str, kind: str, name: str) -> Case:
    """Return the case of a subject that is there no more."""
    words, rule = Words("", "", {}), rules.by_id[rule_id]
    ended = (
        "It is not there any more." if rule is not rules.quarantined else "It is not quarantined any more."
    )
    subject = Subject(rule, kind, name, lambda _: words, lambda: ended)
    return Case(subject, Demand.OFF, None)


def _no_readings(seen: Seen, rules: WatchRules) -> Case:
    rule = rules.no_readings
    p = rule.parameters
    if seen.received_s is None or seen.cadence_s is None:
        # Nothing ever came, or nothing is installed: that is not for an alarm to say.
        own, silent_s, limit_s = (Demand.OFF if seen.devices == 0 else None), 0.0, p.silent_s
    else:
        since_s, until_s = _silence(seen, seen.received_s)
        silent_s = until_s - since_s
        limit_s = max(p.silent_s, p.intervals * seen.cadence_s)
        own = demand(silent_s, limit_s, p.clear_share * limit_s)

    def say(_: int) -> Words:
        since_s, until_s = _silence(seen, seen.received_s or 0.0)
        was = "has been" if until_s == seen.now_s else "was"
        ended = "" if until_s == seen.now_s else f" until {iso(until_s)}"
        reason = (
            f"Nothing {was} received for {span(silent_s)}, since {iso(since_s)}{ended}, from any of "
            f"{seen.devices} devices, the most frequent of which reports every {span(seen.cadence_s or 0.0)}. "
            "Look at the broker and the ingester. Nobody is told of silent devices meanwhile."
        )
        inputs = {
            "silent_s": num(silent_s, 0), "limit_s": num(limit_s, 0), "cadence_s": num(seen.cadence_s, 0),
            "devices": seen.devices, "last_received_at": iso(since_s),
        }  # fmt: skip
        return Words("No readings from the whole town", reason, inputs)

    def ended() -> str:
        return f"Readings are received again, the last at {iso(seen.received_s)}."

    return Case(Subject(rule, "town", "town", say, ended), own, silent_s - limit_s)


def _silence(seen: Seen, received_s: float) -> tuple[float, float]:
    """Return from when until when nothing was received: till now, or before what the rules are still to judge.

    A batch that is stored before the watch looks for the first time ends a silence that nobody has seen; to the rules
    it is to come, with all devices silent at once.
    """
    now = (min(received_s, seen.now_s), seen.now_s)
    return now if seen.gap_s is None else max(seen.gap_s, now, key=lambda span_s: span_s[1] - span_s[0])


def _rules_behind(seen: Seen, rules: WatchRules) -> Case:
    since_s = seen.waiting_since_s
    lag_s = 0.0 if since_s is None else max(0.0, seen.now_s - since_s)

    def say(_: int) -> Words:
        reason = (
            f"The rules are {span(lag_s)} behind: what was received at {iso(since_s)} is not judged yet. "
            "Alarms and decisions come that much later."
        )
        return Words("The rules are behind", reason, {"lag_s": num(lag_s, 0), "waiting_since": iso(since_s)})

    return Case(
        Subject(rules.rules_behind, "town", "town", say, lambda: "The rules have caught up."),
        Demand.ON,
        lag_s,
    )


def _channel(channel: ChannelSeen, rules: WatchRules) -> Case:
    rule = rules.channel_failing
    p = rule.parameters
    waited_s = 0.0 if channel.waited_s is None else channel.waited_s
    if channel.failures >= p.failures or waited_s >= p.waits_s:
        own = Demand.ON
    else:
        own = Demand.OFF if channel.failures == 0 and waited_s < p.clear_waits_s else Demand.HOLD

    def say(_: int) -> Words:
        failed = f"{channel.failures} attempts in a row failed." if channel.failures else ""
        waits = f"A message that is due has waited for {span(waited_s)}." if waited_s > 0 else ""
        hint = "Major and critical messages go to the recipients' next channels while the sender runs."
        reason = " ".join(filter(None, (failed, waits, hint)))
        inputs = {"failures": channel.failures, "waited_s": num(waited_s, 0)}
        return Words(f"Messages over {channel.channel} do not go out", reason, inputs)

    subject = Subject(rule, "channel", channel.channel, say, lambda: "Messages go out again.")
    return Case(subject, own, None)


def _rota(role: str, chains: tuple[str, ...], seen: Seen, rules: WatchRules) -> Case:
    rule = rules.rota_empty
    next_s = seen.next_s.get(role)
    wait_h = math.inf if next_s is None else max(0.0, next_s - seen.now_s) / HOUR_S
    ahead_h = min(wait_h, rule.parameters.ahead_h)

    def say(_: int) -> Words:
        when = "" if next_s is None else f", the next is at {iso(next_s)}"
        reason = (
            f"Nobody is on call for {role} in the next {ahead_h:.0f} hours{when}. Until then whoever has the role "
            f"{role} is told instead, or else the duty officer. Escalations: {', '.join(chains)}."
        )
        inputs = {"empty_h": num(ahead_h, 1), "next_at": iso(next_s), "escalations": ", ".join(chains)}
        return Words(f"Nobody is on call for {role}", reason, inputs)

    # Where nobody is set up to be told, notifications are not in use.
    own = Demand.ON if seen.people > 0 else Demand.OFF
    subject = Subject(rule, "role", role, say, lambda: f"Somebody is on call for {role} again.")
    return Case(subject, own, wait_h)


def _quarantined(device: QuarantinedSeen, rules: WatchRules) -> Case:
    name = device.device

    def say(_: int) -> Words:
        # What a person wrote when keeping it out is for device managers: an alarm is read by everybody.
        why = (
            "Two devices spoke in turn under this name, so one is a copy"
            if device.is_copied
            else "A person keeps it out; its identity's page says why"
        )
        reason = (
            f"{why}. Since {iso(device.since_s)} nothing that comes under the name is believed: its login is void, "
            "and what it sends waits among the dead letters. Go and look which device is ours, then end the "
            f"quarantine on its identity's page or with cityops devices release {name}, and replay what waits."
        )
        inputs = {
            "since": iso(device.since_s),
            "why": "two under one name" if device.is_copied else "a person",
        }
        return Words(f"{name} is quarantined", reason, inputs)

    return Case(Subject(rules.quarantined, "device", name, say), Demand.ON, None)


def span(seconds: float) -> str:
    """Return a time that passed as people say it: ``14 min``, ``2 h 5 min``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min"
    return f"{hours} h" if rest == 0 else f"{hours} h {rest} min"
