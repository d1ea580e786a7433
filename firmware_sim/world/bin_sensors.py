"""What the sensors in bins report: one ultrasonic echo each, with all that echoes get wrong.

Errors with the shares of a scenario: no echo, the echo of the lid at the blind distance, the echo of the bin's wall
(always the same distance, where nothing is nearer); noise; steps of 6 to 12 mm; the speed of sound of 20 °C where
the device doesn't compensate (0.17 % a kelvin). While a crew handles a bin it lies, and what it reads means nothing.
All of it depends on seed, device and time alone. Vectorised over bins; a town asks for one bin at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from devices.registry import BinSite
from firmware_sim.world.bins import BinModel
from firmware_sim.world.noise import Bits, bits_of, gauss_of, generator, key_of, unit_of
from firmware_sim.world.psychro import Floats
from firmware_sim.world.script import Bins

NO_ECHO_MM = 65535.0
LID_MM = 115.0
"""Where the lid is, as a sensor sees it [mm], by about; its own distance is within some 25 mm of it."""
NEAREST_MM, FURTHEST_MM = 45.0, 4900.0
ASSUMED_AIR_C = 20.0
KELVIN = 273.15
OPEN_NO_ECHO = 0.4
"""Part of the readings of an open bin without any echo; the others are of whatever is there."""
_OTHER_LOT, _OPEN_LOT = np.uint64(0x5851F42D4C957F2D), np.uint64(0x14057B7EF767814F)


class BinSensors:
    """The sensors of all bins, in the registry's order.

    Attributes:
        uncompensated: which of them take the speed of sound at 20 °C.
        quantum_mm: each one's step [mm].
    """

    def __init__(self, bins: Sequence[BinSite], seed: int, script: Bins) -> None:
        n = len(bins)
        rng = generator(seed, 26)
        self._keys: Bits = np.array([key_of(seed, b.device) for b in bins], dtype=np.uint64)
        self._script = script
        self._no_echo = script.no_echo_share
        self._lid = self._no_echo + script.lid_echo_share
        self._wall = self._lid + script.false_echo_share
        self._lid_mm: Floats = LID_MM + 8.0 * rng.standard_normal(n)
        empty_mm = np.array([b.empty_distance_mm for b in bins])
        self._empty_mm: Floats = empty_mm
        self._wall_mm: Floats = empty_mm * rng.uniform(0.3, 0.9, n)
        self.quantum_mm = rng.integers(script.quantum_mm[0], script.quantum_mm[1] + 1, n).astype(np.float64)
        self.uncompensated = rng.uniform(size=n) < script.uncompensated_share
        self._charge: Floats = np.clip(82.0 + 9.0 * rng.standard_normal(n), 30.0, 100.0)
        self._upright: Floats = np.abs(1.5 * rng.standard_normal(n))

    def read(
        self, rows: slice, tick: int, model: BinModel, true_mm: Floats, air_c: float
    ) -> Mapping[str, Floats]:
        """Return the readings of some bins at a time: fields of the kind, one value a bin.

        Args:
            rows: which bins.
            tick: time [ms since 1970].
            model: tells who is being emptied.
            true_mm: of all bins, the exact distance to the content [mm].
            air_c: temperature in the bins [°C].
        """
        random = bits_of(self._keys[rows], tick)
        n1, n2 = gauss_of(random, 1), gauss_of(random, 2)
        time_s = tick / 1000.0
        since = model.last_emptied_s[rows] <= time_s
        handled = since & (time_s < model.handled_until_s[rows])
        lid_open = since & (time_s < model.lid_open_until_s[rows])
        told = {
            "distance_mm": self._echo(rows, tick, gauss_of(random, 0), true_mm[rows], air_c, lid_open),
            "temperature_c": np.round(air_c + 0.3 * n1, 2),
            "tilt_deg": np.round(np.where(handled, 95.0 + 12.0 * n2, self._upright[rows] + 0.5 * np.abs(n2))),
            "battery_pct": np.round(np.minimum(self._charge[rows] + 0.4 * n2, 100.0)),
            "battery_v": np.round(3.45 + 0.002 * self._charge[rows] + 0.005 * n2, 2),
        }
        return {name: np.asarray(values, dtype=np.float64) for name, values in told.items()}

    def _echo(
        self, rows: slice, tick: int, noise: Floats, true_mm: Floats, air_c: float, lid_open: np.ndarray
    ) -> Floats:
        """Return the distances that are told [mm]."""
        keys = self._keys[rows]
        lot = unit_of(bits_of(keys ^ _OTHER_LOT, tick))
        slow = np.sqrt((ASSUMED_AIR_C + KELVIN) / (air_c + KELVIN))
        seen = np.where(self.uncompensated[rows], true_mm * slow, true_mm) + self._script.noise_mm * noise
        seen = np.where(lot < self._wall, np.minimum(self._wall_mm[rows], true_mm) + 3.0 * noise, seen)
        seen = np.where(lot < self._lid, self._lid_mm[rows] + 3.0 * noise, seen)
        open_lot = unit_of(bits_of(keys ^ _OPEN_LOT, tick))
        seen = np.where(lid_open, self._empty_mm[rows] * (0.3 + 2.5 * open_lot), seen)
        no_echo = np.where(lid_open, open_lot < OPEN_NO_ECHO, lot < self._no_echo)
        step = self.quantum_mm[rows]
        told = np.round(np.minimum(np.maximum(seen, NEAREST_MM), FURTHEST_MM) / step) * step
        return np.asarray(np.where(no_echo, NO_ECHO_MM, told))
