"""Whether a new version has proven itself: it measures what the old one measured, and the server has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devices.agent.clock_state import Moment
from devices.agent.entry import Key, Run


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not: ``code`` for counting, ``reason`` for a person."""

    code: str
    reason: str


class Gate:
    """Listens to an agent on trial: as a witness of what it measures, and as an observer of receipts.

    That it was started and its configuration accepted is shown by its being here at all: who is not, is ended by
    the launcher's alarm, by systemd's watchdog or by its own error, and counted.

    Args:
        fields: what the sensors gave before; empty: nothing, so no receipt can be asked for either.
        within_s: how long it may take [s].
        started_s: monotonic time of the start [s].
    """

    def __init__(self, fields: Sequence[str], within_s: float, started_s: float) -> None:
        self._wanted = frozenset(fields)
        self._until_s = started_s + within_s
        self._within_s = within_s
        self._had: set[str] = set()
        self._keys: set[Key] = set()
        self._received = False
        self._was_connected = False

    def measured(self, key: Key, moment: Moment, fields: Mapping[str, float]) -> None:
        """A reading was kept."""
        self._had |= fields.keys()
        self._keys.add(key)

    def receipted(self, boot: int, runs: Sequence[Run]) -> None:
        """The server holds these."""
        self._received |= any(b == boot and lo <= seq <= hi for lo, hi in runs for b, seq in self._keys)

    def judge(self, now_s: float, *, connected: bool) -> Failed | bool:
        """Return True: it has proven itself; False: not yet; else why it has not."""
        self._was_connected |= connected
        missing = sorted(self._wanted - self._had)
        if connected and not missing and (self._received or not self._wanted):
            return True
        if now_s < self._until_s:
            return False
        if missing:
            return Failed(
                "sensors", f"within {self._within_s:g} s no {', '.join(missing)}, which there was before"
            )
        if not self._was_connected:
            return Failed("connection", f"within {self._within_s:g} s no connection to the broker")
        return Failed("receipt", f"within {self._within_s:g} s no receipt for a reading of its own")
