"""A channel that goes nowhere: for tests, and for trying out a rota."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rules.core.notify.model import Notification, Sent


class MemoryChannel:
    """:class:`rules.notify.ports.Channel` that remembers what it was given.

    Args:
        name: what contacts call it.
        answer: what becomes of each; may raise, or sleep.
        knows_repeats: whether it takes the same key once.
        tells: whether it can be asked.
    """

    def __init__(
        self,
        name: str = "memory",
        answer: Callable[[Notification], Sent] | None = None,
        *,
        knows_repeats: bool = False,
        tells: bool = False,
    ) -> None:
        self.name, self.knows_repeats, self.tells = name, knows_repeats, tells
        self.answer = answer
        self.sent: list[Notification] = []
        self.states: dict[str, Sent] = {}
        self._lock = threading.Lock()

    def send(self, notification: Notification, timeout_s: float) -> Sent:
        """Remember, and answer."""
        said = Sent(verdict="sent") if self.answer is None else self.answer(notification)
        if said.verdict in ("sent", "delivered"):
            with self._lock:
                known = {n.key for n in self.sent}
                if not (self.knows_repeats and notification.key in known):
                    self.sent.append(notification)
                self.states.setdefault(notification.key, said)
        return said

    def state_of(self, reference: str, timeout_s: float) -> Sent | None:
        """Return what is known of a key."""
        return self.states.get(reference, Sent(verdict="retry")) if self.tells else None
