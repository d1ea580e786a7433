"""Codecs to measure with: ours, short and long."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

OURS = Path(__file__).parents[2] / "tests" / "fixtures" / "codecs"
PAYLOAD = bytes.fromhex("01755c0367010104824408050001")
WANTED = {"battery": 92, "temperature": 25.7, "distance": 2116, "position": "tilt"}


@dataclass(frozen=True, slots=True)
class Measured:
    """A codec, by the size of its source; of published ones the median has 4 kB, one in ten 30 kB or more."""

    name: str
    source: str


def measured() -> list[Measured]:
    """Return the same decoder in sources of 2, 12 and 30 kB: the rest are further channels that this frame has not."""
    short = (OURS / "distance.js").read_text(encoding="utf-8")
    return [
        Measured("2 kB", short),
        Measured("12 kB", short + _more(41)),
        Measured("30 kB", short + _more(112)),
    ]


def _more(functions: int) -> str:
    return "".join(
        f"""
var table{n} = [{{ code: {n}, name: "state {n}", unit: "mm" }}, {{ code: {n + 1}, name: "other {n}", unit: "cm" }}];
function channel{n}(bytes, at) {{
  var value = (bytes[at] | (bytes[at + 1] << 8)) / {n + 1};
  return {{ name: table{n}[value % 2].name, value: value }};
}}
"""
        for n in range(functions)
    )


def native(data: bytes) -> dict[str, object]:
    """The same decoder in Python: the baseline."""
    found: dict[str, object] = {}
    at = 0
    while at + 1 < len(data):
        kind, at = data[at] << 8 | data[at + 1], at + 2
        if kind == 0x0175:
            found["battery"], at = data[at], at + 1
        elif kind == 0x0367:
            found["temperature"], at = int.from_bytes(data[at : at + 2], "little", signed=True) / 10, at + 2
        elif kind in (0x0382, 0x0482):
            found["distance"], at = int.from_bytes(data[at : at + 2], "little"), at + 2
        elif kind in (0x0400, 0x0500):
            found["position"], at = "tilt" if data[at] else "normal", at + 1
        else:
            break
    return found
