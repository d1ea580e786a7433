"""Dead letters into the tables after all: those that are acceptable now, exactly once.

A letter with a number is in the ledger since it was set aside, so not the ledger but the lock
on its own row, and the mark set in the same transaction, keep it from being stored twice. One
without a number goes through the ledger like any message.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cityops.errors import TransientError
from cityops.runtime.backoff import Backoff
from devices.contract.kind import Kind
from ingest.core.boot_clocks import BootClocks
from ingest.core.decode import Decoder
from ingest.core.directory import Directory
from ingest.core.letters import KeptLetter, LetterFilter
from ingest.core.reasons import Reason
from ingest.core.replay import Judged, Obstacle, judge, merge
from ingest.ports import DeviceSource, LettersTakenError, LetterStore, ReadingSink, UnstorableError

PAGE = 200
"""Letters in one transaction: with the largest payloads some 13 MB."""

ATTEMPTS = 8
RETRY = Backoff(first_s=0.1, cap_s=2.0)


@dataclass(slots=True)
class Failure:
    """Letters that one reason still keeps from being stored; ``example`` says why for one of them."""

    example: str
    letter_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """What became of the letters that were asked for.

    Attributes:
        letters: found, and not replayed before.
        replayed: stored now and marked (on a dry run: that would be).
        readings: stored now, by kind; on a dry run those acceptable, duplicates not yet found.
        duplicates: of their readings, stored before: the device has sent them again since.
        taken: letters that another replay took in the meantime.
        failures: by reason code.
    """

    letters: int = 0
    replayed: int = 0
    readings: Counter[str] = field(default_factory=Counter)
    diary: int = 0
    duplicates: int = 0
    taken: int = 0
    failures: dict[str, Failure] = field(default_factory=dict)

    def fail(self, letter: KeptLetter, obstacle: Obstacle) -> None:
        """Note that a letter stays where it is."""
        self.failures.setdefault(obstacle.code, Failure(obstacle.sentence)).letter_ids.append(
            letter.letter_id
        )


class LetterReplay:
    """Plays dead letters again; see the module.

    Args:
        letters: where they are kept.
        sink: where what they say goes.
        devices: the devices as registered now.
        kinds: declared kinds.
        rng: for the pauses between attempts.
    """

    def __init__(
        self,
        letters: LetterStore,
        sink: ReadingSink,
        devices: DeviceSource,
        kinds: Mapping[str, Kind],
        rng: random.Random,
    ) -> None:
        self._letters = letters
        self._sink = sink
        self._devices = devices
        self._kinds = kinds
        self._rng = rng

    async def run(self, wanted: LetterFilter, *, dry_run: bool = False) -> Report:
        """Store what is acceptable now of the letters ``wanted``, and mark them; on a dry run only say so.

        Raises:
            TransientError: the database is away; what was reported as replayed is, and the rest may be tried again.
        """
        report = Report()
        directory = Directory(self._kinds, await self._devices.load())
        after_id = 0
        while page := await self._letters.page(replace(wanted, waiting=True), after_id, PAGE):
            after_id = page[-1].letter_id
            report.letters += len(page)
            judged = await self._judge(page, directory)
            for one in judged:
                if one.obstacle is not None:
                    report.fail(one.letter, one.obstacle)
            good = [one for one in judged if one.stores]
            if dry_run:
                _count_dry(report, good)
            else:
                await self._store(report, good)
        return report

    async def judge(self, letter: KeptLetter) -> Obstacle | None:
        """Return what would keep ``letter`` from being replayed now."""
        directory = Directory(self._kinds, await self._devices.load())
        return (await self._judge([letter], directory))[0].obstacle

    async def _judge(self, page: Sequence[KeptLetter], directory: Directory) -> list[Judged]:
        names = {letter.device for letter in page}
        ids = [d.device_id for d in directory.devices if d.name in names]
        decoder = Decoder(directory, BootClocks(await self._letters.clocks(ids)))
        return [judge(letter, decoder) for letter in page]

    async def _store(self, report: Report, good: list[Judged]) -> None:
        """Store together what can be, and by halves what can't."""
        waiting = [good]
        while waiting:
            part = waiting.pop()
            if not part:
                continue
            try:
                await self._store_part(report, part)
            except LettersTakenError as e:
                report.taken += len(e.letter_ids)
                waiting.append([one for one in part if one.letter.letter_id not in e.letter_ids])
            except UnstorableError as e:
                half = len(part) // 2
                if half == 0 and part[0].obstacle is None:  # else it has been told
                    report.fail(part[0].letter, Obstacle(Reason.REFUSED, f"The database refused it: {e}."))
                elif half > 0:
                    waiting += [part[half:], part[:half]]

    async def _store_part(self, report: Report, part: list[Judged]) -> None:
        batch = merge(part)
        for attempt in range(ATTEMPTS):
            try:
                stored = await self._sink.store(batch, None)
                break
            except TransientError:
                if attempt == ATTEMPTS - 1:
                    raise
                await asyncio.sleep(RETRY.delay(attempt, self._rng))
        report.replayed += sum(one.obstacle is None for one in part)
        report.readings.update(stored.readings)
        report.diary += stored.diary
        report.duplicates += stored.duplicates


def _count_dry(report: Report, good: Sequence[Judged]) -> None:
    for one in good:
        report.replayed += one.obstacle is None
        report.readings.update({part.kind.name: len(part) for part in one.batch.readings})
        report.diary += len(one.batch.diary)
