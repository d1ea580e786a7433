"""What an agent, or a fleet of them together, has done so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from devices.agent.entry import Key, Run


@dataclass(slots=True)
class Counts:
    """Running totals; several agents may share one.

    Attributes:
        created: entries put into an outbox (readings and diary entries).
        messages: MQTT messages with entries handed to the broker.
        sent: entries in those messages, resends included.
        resent: entries among them that had been sent before.
        pubacked: messages that the broker took.
        refused: messages that it did not take, by reason code.
        receipted: entries that the server confirmed as stored.
        given_up: unreceipted entries thinned out of a full outbox: lost.
        unstored: entries that an outbox could not store: lost.
        undeleted: receipts that an outbox could not note; what they name is sent again after a start.
        skipped: readings that lacked what their kind requires.
        connects, disconnects: of the uplink.
        bad_messages: messages from the server that could not be read.
    """

    created: int = 0
    messages: int = 0
    sent: int = 0
    resent: int = 0
    pubacked: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    receipted: int = 0
    given_up: int = 0
    unstored: int = 0
    undeleted: int = 0
    skipped: int = 0
    connects: int = 0
    disconnects: int = 0
    bad_messages: int = 0


class Observer(Protocol):
    """Told of each step of an entry's life: for a history file that a checker reads."""

    def created(self, device: str, key: Key) -> None:
        """An entry is in the outbox."""
        ...

    def pubacked(self, device: str, keys: Sequence[Key]) -> None:
        """The broker took a message with these entries."""
        ...

    def receipted(self, device: str, boot: int, runs: Sequence[Run]) -> None:
        """The server confirmed these."""
        ...
