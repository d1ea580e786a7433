"""What dead letters say today, with the devices, kinds and clocks as they are now. Pure.

A letter is judged as of when it came: a time that was in the future then is wrong for ever,
also when that day is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from devices.contract.topics import parse
from ingest.core.batch import Batch, Replay
from ingest.core.decode import Decoder
from ingest.core.letters import KeptLetter
from ingest.core.readings import Readings, concatenate
from ingest.core.reasons import Reason

TRUNCATED = "truncated"
OUT_OF_DATE = "out_of_date"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_LONGER = (
    "A status or a report is worth something only while it is new; the device sends the next by itself."
)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a letter can't be stored now: a reason's code, or one of this module, and a sentence."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A letter, what of it can be stored now, and what stands in the way of the rest, if anything."""

    letter: KeptLetter
    batch: Batch
    obstacle: Obstacle | None = None

    @property
    def stores(self) -> bool:
        """Whether there is anything to be stored or, for want of an obstacle, to be closed."""
        return self.obstacle is None or bool(self.batch.readings)


def judge(letter: KeptLetter, decoder: Decoder) -> Judged:
    """Return what becomes of ``letter`` if it is played again; never raises."""
    nothing = Batch([letter.topic], [letter.payload])
    if letter.truncated:
        text = f"Only {len(letter.payload):,} of its {letter.payload_bytes:,} bytes were kept."
        return Judged(letter, nothing, Obstacle(TRUNCATED, text))
    topic = parse(letter.topic)
    if topic is not None and topic.channel in {"status", "reported"}:
        return Judged(letter, nothing, Obstacle(OUT_OF_DATE, _NO_LONGER))
    received_us = (letter.received_at - _EPOCH) // timedelta(microseconds=1)
    try:
        batch = decoder.decode([letter.topic], [letter.payload], received_us)
    except Exception as e:  # as in the writer: a promise of the decoder is not enough
        return Judged(letter, nothing, Obstacle(Reason.NOT_UNDERSTOOD, f"{type(e).__name__}: {e}"))
    if batch.dead_letters:
        first = batch.dead_letters[0]
        return Judged(letter, batch, Obstacle(str(first.reason), first.sentence))
    return Judged(letter, batch)


def merge(judged: Sequence[Judged]) -> Batch:
    """Return one batch of all that ``judged`` can store, at least one letter."""
    batch = Batch([j.letter.topic for j in judged], [j.letter.payload for j in judged])
    by_kind: dict[str, list[Readings]] = {}
    for number, one in enumerate(judged):
        for part in one.batch.readings:
            renumbered = replace(part, message=np.full(len(part), number, dtype=np.int32))
            by_kind.setdefault(part.kind.name, []).append(renumbered)
        batch.diary += [replace(entry, message=number) for entry in one.batch.diary]
    batch.readings = [concatenate(parts) for parts in by_kind.values()]
    batch.replay = Replay(
        letter_ids=tuple(j.letter.letter_id for j in judged),
        done=tuple(j.letter.letter_id for j in judged if j.obstacle is None),
        own_keys=frozenset(j.letter.key for j in judged if j.letter.key is not None),
    )
    return batch
