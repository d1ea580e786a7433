"""Decoded readings of one kind on their way to columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.core.diagnose import DECODE_ERRORS


@dataclass(slots=True)
class Bucket:
    """Structs of one kind, with device row and message of each."""

    items: list[Any] = field(default_factory=list)
    devices: list[int] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)

    def add(self, items: Sequence[Any], device: int, message: int) -> None:
        """Take in the readings ``items`` of one message."""
        self.items += items
        self.devices += [device] * len(items)
        self.messages += [message] * len(items)

    def read(
        self, payloads: list[bytes], devices: list[int], messages: list[int], decode: Callable[[bytes], Any]
    ) -> list[int]:
        """Take in the readings of many messages; return the messages that can't be decoded.

        Args:
            payloads: one per message.
            devices: device row of each.
            messages: index of each in the batch.
            decode: returns a struct or a list of structs, or raises one of ``DECODE_ERRORS``.
        """
        bad: list[int] = []
        try:
            found = [decode(payload) for payload in payloads]
        except DECODE_ERRORS:
            found = [_decoded(decode, payload) for payload in payloads]
            bad = [message for message, item in zip(messages, found, strict=True) if item is None]
        if bad or list in set(map(type, found)):
            self._each(found, devices, messages)
        else:
            self.items += found
            self.devices += devices
            self.messages += messages
        return bad

    def _each(self, found: list[Any], devices: list[int], messages: list[int]) -> None:
        for item, device, message in zip(found, devices, messages, strict=True):
            if item is not None:
                self.add(item if item.__class__ is list else (item,), device, message)


def _decoded(decode: Callable[[bytes], Any], payload: bytes) -> Any:
    try:
        return decode(payload)
    except DECODE_ERRORS:
        return None
