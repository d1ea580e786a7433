"""From a notice to what goes to whom over which channel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rules.core.alarm_spec import rank
from rules.core.desk.model import Notice
from rules.core.notify.cloud_event import type_of
from rules.core.notify.digest import ENDED, gathers
from rules.core.notify.model import Hook, Message, Notification, Person, Shift
from rules.core.notify.quiet import not_before
from rules.core.notify.retry import expires_s
from rules.core.notify.rota import on_call

LAST_ROLE = "duty_officer"
"""Who is told where a notice would reach nobody."""
WEBHOOK = "webhook"


def worst_heard(said: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return recipients with the worst severity of what was said to them, from pairs of the two."""
    found: dict[str, str] = {}
    for recipient, severity in said:
        before = found.get(recipient)
        found[recipient] = severity if before is None else max(before, severity, key=rank)
    return found


def fan_out(
    notice: Notice,
    words: Message,
    people: Sequence[Person],
    shifts: Sequence[Shift],
    *,
    hooks: Sequence[Hook] = (),
    now_s: float | None = None,
    break_for_critical: bool = True,
    log_id: int | None = None,
    digest_s: float = 0.0,
    heard: Mapping[str, str] | None = None,
) -> tuple[Notification, ...]:
    """Return what is to be sent; the same again, with the same keys, for the same arguments.

    Each person gets one message, over the first channel that takes this severity, with the
    others as fall-backs. Where nobody is on call the role of that name is told, and where that
    is nobody either the role ``duty_officer``. An empty result means that nobody can be told.
    That an alarm is over goes to ``heard``, whoever is on call by now, over the channel that was
    good for the worst that they heard: it may have stepped down since.

    Args:
        notice: ``to`` is ``on_call:<role>``, ``role:<role>``, ``person:<name>`` or ``team:<channel>``.
        words: what to say.
        people: active ones only.
        shifts: those that touch now, at least.
        hooks: programs that are told as well, of the events that they want.
        now_s: when it is planned; the notice's own time where not given.
        break_for_critical: whether critical messages break quiet hours.
        log_id: the log's entry that it follows from.
        digest_s: below critical, how long messages wait for others to the same recipient [s].
        heard: recipients of the alarm's messages so far and the worst severity of those (:func:`worst_heard`);
            None where that is not known.

    Raises:
        ValueError: ``to`` is none of the four.
    """
    at_s = notice.at_s if now_s is None else now_s
    draft = _Draft(notice, words, at_s, log_id, break_for_critical, digest_s)
    kind, _, name = notice.to.partition(":")
    if notice.kind == ENDED and heard is not None:
        found = draft.to_people((p for p in people if p.person in heard), heard)
        teams = sorted({h.partition(":")[2] for h in heard if h.startswith("team:")})
        found += [draft.to(f"team:{team}", team, "", at_s) for team in teams]
    elif kind == "team":
        found = [draft.to(f"team:{name}", name, "", at_s)]
    else:
        found = next(filter(None, map(draft.to_people, _groups(kind, name, people, shifts, at_s))), [])
    wanted = (h for h in hooks if not h.types or type_of(notice.kind) in h.types)
    found += [draft.to(f"{WEBHOOK}:{h.webhook_id}", WEBHOOK, h.url, at_s) for h in wanted]
    return tuple(found)


def _groups(
    kind: str, name: str, people: Sequence[Person], shifts: Iterable[Shift], at_s: float
) -> Iterator[list[Person]]:
    """Yield who is to be told, and who instead where that reaches nobody."""
    known = {p.person: p for p in people}
    if kind == "on_call":
        yield [known[p] for p in on_call(shifts, name, at_s) if p in known]
    elif kind == "person":
        yield [known[name]] if name in known else []
    elif kind != "role":
        raise ValueError(f"to {kind}:{name}: write on_call:, role:, person: or team:, and a name")
    if kind != "person":
        yield [p for p in people if name in p.roles]
    yield [p for p in people if LAST_ROLE in p.roles]


class _Draft:
    """Makes the notifications of one notice."""

    def __init__(
        self,
        notice: Notice,
        words: Message,
        now_s: float,
        log_id: int | None,
        break_for_critical: bool,
        digest_s: float,
    ) -> None:
        self._notice, self._words, self._now_s = notice, words, now_s
        self._log_id, self._break, self._digest_s = log_id, break_for_critical, digest_s

    def to_people(
        self, people: Iterable[Person], heard: Mapping[str, str] | None = None
    ) -> list[Notification]:
        """Return one for each person who has a channel for this severity, or for the one they heard."""
        found, own = [], self._notice.severity
        for person in people:
            severity = max(rank(own), rank((heard or {}).get(person.person, own)))
            ways = [c for c in person.contacts if rank(c.least_severity) <= severity]
            if ways:
                at_s = not_before(person, self._notice.severity, self._now_s, break_for_critical=self._break)
                rest = tuple(dict.fromkeys(c.channel for c in ways[1:]))
                found.append(self.to(person.person, ways[0].channel, ways[0].address, at_s, rest))
        return found

    def to(
        self, recipient: str, channel: str, address: str, at_s: float, fallback: tuple[str, ...] = ()
    ) -> Notification:
        """Return the one for a recipient, to be sent at ``at_s``."""
        notice, words = self._notice, self._words
        waits = gathers(notice.severity, recipient, self._digest_s)
        due_s = at_s + self._digest_s if waits else at_s
        # Once for all whom a notice goes to: programs hear of it once, and everybody once that it is over.
        shared = channel == WEBHOOK or notice.kind == ENDED
        why = notice.key.removesuffix(f":{notice.to}") if shared else notice.key
        return Notification(
            key=f"{notice.alarm_id}:{why}:{recipient}:{channel}",
            recipient=recipient,
            channel=channel,
            address=address,
            kind=notice.kind,
            severity=notice.severity,
            title=words.title,
            body=words.body,
            not_before_s=due_s,
            expires_s=expires_s(notice.severity, due_s),
            alarm_id=notice.alarm_id,
            log_id=self._log_id,
            data=words.data,
            fallback=fallback,
            gather_from_s=at_s if waits else None,
        )
