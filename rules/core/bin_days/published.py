"""What has been published of collections, so that calendars that people hold are put right: sequences only grow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from rules.core.bin_days.calendar import collections
from rules.core.bin_days.model import Change, Collection, Key, Round, Service

BACK, AHEAD = timedelta(days=31), timedelta(days=400)
"""Days before and after today that a feed tells of."""
DROPPED = "a new timetable"


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A collection that is, or was, otherwise than its rule says.

    Attributes:
        service: as it was last published, for the days that its rule does not give any more.
        sequence: how often its day has changed since it was first published.
        changed_s: when it last did [s since 1970].
    """

    round_id: str
    service: Service
    original: date
    day: date | None
    reason: str
    sequence: int
    changed_s: float

    @property
    def key(self) -> Key:
        """The collection's identity."""
        return (self.round_id, self.service.stream, self.original)


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """All rounds and changes, and what was published of them. ``made_s``: of each round, when it was first published."""

    rounds: tuple[Round, ...] = ()
    changes: tuple[Change, ...] = ()
    revisions: tuple[Revision, ...] = ()
    made_s: Mapping[str, float] = {}


def shown(table: Timetable, rounds: Iterable[str], first: date, last: date) -> list[Collection]:
    """Return the collections of some rounds as they are published, from ``first`` to ``last``.

    Those that a new timetable has dropped are among them, as cancelled.
    """
    wanted = set(rounds)
    known = {r.key: r for r in table.revisions if r.round_id in wanted}
    found: dict[Key, Collection] = {}
    for each in table.rounds:
        if each.round_id in wanted:
            for c in collections(each, table.changes, first, last):
                found[c.round_id, c.service.stream, c.original] = _stamped(c, known, table.made_s)
    for key, r in known.items():
        if key not in found and r.day is None and first <= r.original <= last:
            found[key] = Collection(
                round_id=r.round_id, service=r.service, original=r.original, day=None, reason=r.reason,
                sequence=r.sequence, changed_s=r.changed_s,
            )  # fmt: skip
    return sorted(found.values(), key=lambda c: (c.day or c.original, c.service.stream, c.original))


def _stamped(c: Collection, known: Mapping[Key, Revision], made_s: Mapping[str, float]) -> Collection:
    r = known.get((c.round_id, c.service.stream, c.original))
    if r is None:
        return msgspec.structs.replace(c, changed_s=made_s.get(c.round_id, 0.0))
    return msgspec.structs.replace(c, sequence=r.sequence, changed_s=r.changed_s)


def replaced(
    before: Timetable, rounds: Sequence[Round], changes: Sequence[Change], today: date, now_s: float
) -> Timetable:
    """Return the timetable that takes another's place.

    Every collection that was published (:data:`BACK`, :data:`AHEAD`) and is now on another day, or none, or again,
    gets the next sequence; one whose day stays keeps its own, whatever the file says of it.
    """
    first, last = today - BACK, today + AHEAD
    made_s = {r.round_id: before.made_s.get(r.round_id, now_s) for r in rounds}
    # A round that is gone for good is no premises' any more.
    # One that was moved into the days that are told is told of, however long ago it would have been; and one of those days, whereto ever.
    kept = {
        r.key: r
        for r in before.revisions
        if max(r.original, r.day or r.original) >= first and r.round_id in made_s
    }
    after = Timetable(rounds=tuple(rounds), changes=tuple(changes), made_s=made_s)
    was, becomes = _by_key(before, before.made_s, first, last), _by_key(after, made_s, first, last)
    for key in was.keys() | becomes.keys():
        if key[0] not in made_s or key[0] not in before.made_s:
            continue  # the whole round is new, or gone
        revision = _revision(was.get(key), becomes.get(key), kept.get(key), now_s)
        if revision is not None:
            kept[key] = revision
    return msgspec.structs.replace(after, revisions=tuple(kept[k] for k in sorted(kept)))


def _by_key(table: Timetable, rounds: Iterable[str], first: date, last: date) -> dict[Key, Collection]:
    found = shown(table, rounds, first, last)
    return {(c.round_id, c.service.stream, c.original): c for c in found if first <= c.original <= last}


def _revision(
    was: Collection | None, is_now: Collection | None, known: Revision | None, now_s: float
) -> Revision | None:
    """Return what is to be kept of a collection; None: as it is."""
    one = is_now if is_now is not None else was
    assert one is not None
    day = None if is_now is None else is_now.day
    reason = DROPPED if is_now is None else is_now.reason
    before = None if was is None else was.day
    if known is None and was is None:
        return None  # never told before: nothing of it has changed
    if day == before:
        if known is None or (known.reason == reason and known.service == one.service):
            return None
        return msgspec.structs.replace(known, reason=reason, service=one.service)
    return Revision(
        round_id=one.round_id, service=one.service, original=one.original, day=day, reason=reason,
        sequence=1 + (0 if known is None else known.sequence), changed_s=now_s,
    )  # fmt: skip
