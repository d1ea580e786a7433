"""ST VL53L1X: the registers that are written before it measures, and how statuses are told.

Values of ST's own driver (STSW-IMG009, user manual UM2510, ``VL51L1X_DEFAULT_CONFIGURATION`` and ``status_rtn``):
most are not documented any further and are marked "not for users" there. They select the long
distance mode. Where a register has a known meaning its row says it.
"""

from __future__ import annotations

from collections.abc import Mapping

FIRST = 0x002D
ROWS: tuple[tuple[int, str, str], ...] = (
    (0x2D, "00 00 00", "pads: no fast mode plus; I2C and GPIO pulled up at 1.8 V"),
    (0x30, "01 02", "interrupt active high (bit 4 clear); its state"),
    (0x32, "00 02 08 00 08 10 01 01", "not for users"),
    (0x3A, "00 00 00 00 ff 00 0f 00 00 00 00 00", "not for users"),
    (0x46, "20", "interrupt when a new sample is ready"),
    (0x47, "0b 00 00 02", "not for users"),
    (0x4B, "0a", "phase calibration: long distance (short: 14)"),
    (0x4C, "21 00 00 05 00 00 00 00 c8 00 00 38 ff 01 00 08 00 00", "not for users"),
    (0x5E, "01 cc", "time-out A: timing budget of 100 ms, long distance"),
    (0x60, "0f", "laser period A: long distance (short: 07)"),
    (0x61, "01 f1", "time-out B; set again for the timing budget"),
    (0x63, "0d", "laser period B: long distance (short: 05)"),
    (0x64, "01 68", "highest sigma: 90 mm in 14.2 bits"),
    (0x66, "00 80", "lowest signal: 1 Mcps in 9.7 bits"),
    (0x68, "08 b8", "valid phase: long distance (short: 38)"),
    (0x6A, "00 00", "not for users"),
    (0x6C, "00 00 0f 89", "time between two measurements, in units of the oscillator; set again"),
    (0x70, "00 00", "not for users"),
    (0x72, "00 00 00 00", "distance thresholds, not used"),
    (0x76, "00 01", "not for users"),
    (0x78, "0f 0d 0e 0e", "window and first phase: long distance (short: 07 05 06 06)"),
    (0x7C, "00 00 02", "not for users"),
    (0x7F, "c7 ff", "region of interest: centre, 16 by 16"),
    (0x81, "9b 00 00 00 01", "not for users"),
    (0x86, "00 00", "interrupt not cleared, not measuring"),
)
DEFAULTS = b"".join(bytes.fromhex(values) for _, values, _ in ROWS)

BUDGET_100_MS = ((0x005E, b"\x01\xcc"), (0x0061, b"\x01\xea"))
"""Time-outs A and B for 100 ms in long distance mode (UM2510, ``VL53L1X_SetTimingBudgetInMs``)."""

STATUS: Mapping[int, int] = {
    3: 5, 4: 2, 5: 4, 6: 1, 7: 7, 8: 3, 9: 0, 12: 9, 13: 13, 18: 10, 19: 6, 22: 11, 23: 12,
}  # fmt: skip
"""From bits 4..0 of register 0x89 to the status that UM2510 explains; others are unknown."""

WORDS: Mapping[int, str] = {
    1: "sigma too high: the echo is too blurred (sunlight, or nothing flat)",
    2: "signal too weak: nothing within 4 m, or it is black",
    3: "target below the lowest range",
    4: "out of bounds: phase outside its limits",
    5: "hardware failure",
    7: "wrapped around: the target is beyond the longest range",
    9: "crosstalk: the cover glass is dirty",
    10: "synchronisation failed",
    13: "target below the lowest range",
}
