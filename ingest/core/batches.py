"""When a batch is full: by count, by bytes or by age. Pure; time is an argument."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """What is gathered: has a length and a size."""

    payload_bytes: int
    arrived_s: float

    def __len__(self) -> int: ...


T = TypeVar("T", bound=Sized)


@dataclass(frozen=True, slots=True)
class Limits:
    """A batch is due with so many messages or bytes, or when its oldest is so old [s]."""

    messages: int
    payload_bytes: int
    age_s: float


class Gatherer(Generic[T]):
    """Gathers chunks of messages, in order, and gives them out as batches of whole chunks."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: deque[T] = deque()
        self.messages = 0
        self.payload_bytes = 0

    def add(self, chunk: T) -> None:
        """Take a chunk in."""
        self._waiting.append(chunk)
        self.messages += len(chunk)
        self.payload_bytes += chunk.payload_bytes

    def full(self) -> bool:
        """Whether a batch is due by count or size."""
        limits = self._limits
        return self.messages >= limits.messages or self.payload_bytes >= limits.payload_bytes

    def due_at(self) -> float | None:
        """Return the monotonic time at which a batch is due by age [s], None where nothing waits."""
        return self._waiting[0].arrived_s + self._limits.age_s if self._waiting else None

    def take(self) -> list[T]:
        """Return the oldest chunks up to the first that makes the batch full; at least one if any."""
        taken: list[T] = []
        messages = size = 0
        limits = self._limits
        while self._waiting and messages < limits.messages and size < limits.payload_bytes:
            chunk = self._waiting.popleft()
            messages += len(chunk)
            size += chunk.payload_bytes
            taken.append(chunk)
        self.messages -= messages
        self.payload_bytes -= size
        return taken
