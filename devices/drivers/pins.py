"""GPIO pins through ``lgpio`` (extra ``[pi]``): the kernel stamps each edge, so Python's own pace does not matter."""

from __future__ import annotations

import contextlib
import errno
import importlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from devices.drivers.gpio import give_lgpio_a_folder

_TRIGGER_S = 12e-6
_SETTLE_S = 0.002
_DELIVERY_S = 0.03
"""Edges are stamped at once and delivered some milliseconds later (lgpio's manual, ``callback``)."""


class LgpioPins:
    """The header's pins; implements :class:`devices.drivers.bus.Pins`.

    Raises:
        ImportError: no ``lgpio``.
        OSError: no GPIO chip, or no right to use it.
    """

    def __init__(self) -> None:
        give_lgpio_a_folder()
        self._lg: Any = importlib.import_module("lgpio")
        self._handle = self._open()
        self._driven: set[int] = set()

    def echo_s(self, trigger: int, echo: int, timeout_s: float) -> float | None:
        """Return how long ``echo`` is high after a pulse on ``trigger`` [s]; None without a whole pulse."""
        with self._edges(echo) as (edges, moved):
            if self._call("gpio_read", echo):
                raise OSError(errno.EBUSY, f"GPIO {echo} is high before the trigger")
            self._drive(trigger)
            self._call("gpio_write", trigger, 1)
            time.sleep(_TRIGGER_S)
            self._call("gpio_write", trigger, 0)
            until = time.monotonic() + timeout_s
            while len(highs_of(edges)) == 0 and (left := until - time.monotonic()) > 0:
                moved.wait(left)
                moved.clear()
        highs = highs_of(edges)
        return highs[0] / 1e6 if highs else None

    def highs_us(self, pin: int, low_s: float, listen_s: float) -> Sequence[float]:
        """Pull ``pin`` low for ``low_s``, let it go, and return the high pulses that follow [µs]."""
        self._call("gpio_claim_output", pin, 0)
        time.sleep(low_s)
        with self._edges(pin) as (edges, _):
            time.sleep(listen_s + _DELIVERY_S)
        return highs_of(edges)

    def _drive(self, pin: int) -> None:
        """Hold a trigger low from its first use on: a pin that floats between readings triggers by itself."""
        if pin not in self._driven:
            self._call("gpio_claim_output", pin, 0)
            self._driven.add(pin)
            time.sleep(_SETTLE_S)

    @contextmanager
    def _edges(self, pin: int) -> Iterator[tuple[list[tuple[int, int]], threading.Event]]:
        edges: list[tuple[int, int]] = []
        moved = threading.Event()

        def edge(_chip: int, _pin: int, level: int, at_ns: int) -> None:
            edges.append((level, at_ns))
            moved.set()

        listener = self._lg.callback(self._handle, pin, self._lg.BOTH_EDGES, edge)
        try:
            self._call("gpio_claim_alert", pin, self._lg.BOTH_EDGES)
            yield edges, moved
        finally:
            listener.cancel()
            with contextlib.suppress(OSError):
                self._call("gpio_free", pin)

    def _open(self) -> int:
        """Return the chip with the header's pins: 0, or 4 on a Raspberry Pi 5 with an early kernel."""
        for number in (0, 4):
            with contextlib.suppress(self._lg.error):
                handle = int(self._lg.gpiochip_open(number))
                _, _, _, label = self._lg.gpio_get_chip_info(handle)
                if str(label).startswith("pinctrl"):
                    return handle
                self._lg.gpiochip_close(handle)
        raise OSError(errno.ENODEV, "no GPIO chip of a Raspberry Pi can be opened")

    def _call(self, name: str, *arguments: int) -> int:
        try:
            return int(getattr(self._lg, name)(self._handle, *arguments))
        except self._lg.error as e:
            raise OSError(errno.EIO, f"{name}{arguments}: {e}") from e


def highs_of(edges: Sequence[tuple[int, int]]) -> list[float]:
    """Return the widths of whole high pulses [µs] in edges of (level, time [ns])."""
    highs: list[float] = []
    since: int | None = None
    for level, at_ns in edges:
        if level == 1:
            since = at_ns
        elif level == 0 and since is not None:
            highs.append((at_ns - since) / 1e3)
            since = None
    return highs
