"""How long a LoRa frame is on the air."""

from __future__ import annotations

import math

FRAME_BYTES = 13
"""Of a data frame beside its payload: MHDR 1, FHDR 7, FPort 1, MIC 4 (LoRaWAN 1.0.4, 4)."""


def airtime_ms(
    payload_bytes: int, spreading: int, bandwidth_hz: int, code_rate: int = 5, preamble: int = 8
) -> float:
    """Return the time on air of an uplink [ms], with a header and a checksum (Semtech SX1276 data sheet, 4.1.1.6-7).

    Args:
        payload_bytes: the device's bytes, without the frame around them.
        spreading: spreading factor, 7 to 12.
        bandwidth_hz: [Hz].
        code_rate: 5 to 8, of 4/5 to 4/8.
        preamble: symbols.
    """
    symbol_ms = 2.0**spreading / bandwidth_hz * 1000.0
    low_rate = symbol_ms > 16.0
    bits = 8 * (payload_bytes + FRAME_BYTES) - 4 * spreading + 28 + 16
    per_symbol = 4 * (spreading - 2 * low_rate)
    symbols = 8 + max(math.ceil(bits / per_symbol) * code_rate, 0)
    return (preamble + 4.25 + symbols) * symbol_ms
