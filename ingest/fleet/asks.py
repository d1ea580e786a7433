"""What devices ask for, and who answers: the port by which updates and others join the fleet service.

A device says ``{"ask": "<what>", ...}`` on its channel ``ask``. The fleet service looks up who answers ``<what>``
in a registry and sends what that returns, at a bounded rate. Nothing of it is stored. A handler that raises is
counted and logged; the device asks again when it likes.

A job is the other direction: called at every look of the service (each few seconds) with a :class:`Teller`, for what is to be
said without being asked (a retained offer of an update).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec

from devices.contract.topics import topic

DownChannel = Literal["desired", "firmware"]
"""Channels that the broker lets the fleet service write to."""
MAX_ASK_BYTES = 4096
"""A longer ask is not read: it is counted as bad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The device that asks, as its topic says; the broker lets each one write to its own only."""

    name: str
    kind: str
    shard: int

    def topic(self, channel: DownChannel) -> str:
        """Return the topic of one of its channels that go down."""
        return topic(self.shard, self.kind, self.name, channel)


@dataclass(frozen=True, slots=True)
class Answer:
    """A message for the device that asked; ``retain``: the broker keeps it for who connects later."""

    channel: DownChannel
    payload: bytes
    retain: bool = False


Ask = Mapping[str, Any]
"""The document that was asked with: from outside, so to be checked by who answers."""
Handler = Callable[[Asking, Ask], Awaitable[Sequence[Answer]]]
"""Answers one kind of ask; an empty sequence is no answer."""


class Teller(Protocol):
    """Says something to a device that has not asked."""

    async def tell(self, device: Asking, answer: Answer) -> bool:
        """Send at QoS 1; return whether the broker took it. Waits where the rate is used up."""
        ...


Job = Callable[[Teller], Awaitable[None]]
"""Done at every look of the service; one that raises is counted and logged, and done again at the next one."""


class BadAskError(ValueError):
    """What came on ``ask`` is no ask; the text says why."""


def read_ask(payload: bytes) -> tuple[str, Ask]:
    """Return what is asked for, and the whole document.

    Raises:
        BadAskError: too long, no JSON object, or without ``ask``.
    """
    if len(payload) > MAX_ASK_BYTES:
        raise BadAskError(f"{len(payload)} bytes; at most {MAX_ASK_BYTES} are allowed")
    try:
        document = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise BadAskError(f"no JSON: {e}") from e
    what = document.get("ask") if isinstance(document, dict) else None
    if not isinstance(what, str) or not what:
        raise BadAskError('"ask" is missing; it says what is asked for')
    return what, document


class Asks:
    """Who answers what."""

    def __init__(self, handlers: Mapping[str, Handler] | None = None) -> None:
        self._handlers: dict[str, Handler] = dict(handlers or {})

    def answer(self, what: str, handler: Handler) -> None:
        """Have ``handler`` answer ``what``.

        Raises:
            ValueError: somebody does already.
        """
        if what in self._handlers:
            raise ValueError(f"ask {what!r} is answered already")
        self._handlers[what] = handler

    @property
    def known(self) -> frozenset[str]:
        """What is answered."""
        return frozenset(self._handlers)

    async def ask(self, device: Asking, payload: bytes) -> tuple[str, Sequence[Answer]]:
        """Return what was asked for and the answers to it; none where nobody knows it.

        Raises:
            BadAskError: see :func:`read_ask`.
        """
        what, document = read_ask(payload)
        return what, await self.reply(device, what, document)

    async def reply(self, device: Asking, what: str, document: Ask) -> Sequence[Answer]:
        """Return the answers to an ask that was read; none where nobody knows it."""
        handler = self._handlers.get(what)
        return () if handler is None else await handler(device, document)
