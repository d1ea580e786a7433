"""What the outbox holds: one measured or reported thing, ready for the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Key = tuple[int, int]
"""(boot, seq): the identity of an entry within its device."""

Run = tuple[int, int]
"""Closed range [first, last] of sequences of one boot."""

EntryChannel = Literal["reading", "diary"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the outbox.

    Attributes:
        boot, seq: its identity. Readings and diary entries share one count.
        channel: last level of the topic it goes to.
        wall_ms: wall clock when it was measured [ms since 1970 UTC], right or not.
        mono_ms: time since the device started [ms], which no clock step changes.
        clk: state of the wall clock then, see :mod:`devices.agent.clock_state`.
        payload: the JSON object as it goes on the wire.
    """

    boot: int
    seq: int
    channel: EntryChannel
    wall_ms: int
    mono_ms: int
    clk: int
    payload: bytes

    @property
    def key(self) -> Key:
        """(boot, seq)."""
        return (self.boot, self.seq)


def runs_of(sequences: list[int]) -> list[Run]:
    """Return ascending ``sequences`` as closed ranges of neighbours."""
    runs: list[Run] = []
    for seq in sequences:
        if runs and runs[-1][1] == seq - 1:
            runs[-1] = (runs[-1][0], seq)
        else:
            runs.append((seq, seq))
    return runs
