"""What is remembered of officers' acts on treatments."""

from __future__ import annotations

import msgspec


class OrderAct(msgspec.Struct, frozen=True, array_like=True):
    """What the duty officer said of a treatment.

    Attributes:
        number, thread: of the act, and of the first about the same order.
        from_s: it counts from then on, a full minute [s since 1970].
        answers_s: when the proposal was made that it answers [s since 1970]; None: it answers none.
        g_m2, passes: rate of a pass [g/m²], and how many.
        segments: where; empty: nothing is to be driven.
        by_s: when it must be done [s since 1970]; None: no time is set.
        start_s: when the lorry leaves [s since 1970]; None: at once.
    """

    number: int
    thread: int
    from_s: float
    answers_s: float | None
    g_m2: float
    passes: int
    segments: tuple[str, ...]
    by_s: float | None
    start_s: float | None = None


class OrderMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A route: the last acts of officers on it, oldest first."""

    acts: tuple[OrderAct, ...] = ()


NO_ORDERS = OrderMemory()
