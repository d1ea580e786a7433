"""Sentences of a GPS receiver: NMEA 0183, version 4.1, RMC and GGA. Pure.

``$GPRMC,time,A|V,lat,N|S,lon,E|W,knots,course,date,…*hh`` and
``$GPGGA,time,lat,N|S,lon,E|W,quality,satellites,hdop,altitude,M,…*hh``: the two hex digits are the exclusive or of
what is between ``$`` and ``*``. Positions are degrees and minutes: ``ddmm.mmmm``.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.drivers.base import BadFrame, Implausible, NoSignal

KNOT_M_S = 1852.0 / 3600.0
_LONGEST = 82
_QUALITIES = {0: "no fix", 6: "estimated, not measured", 7: "entered by hand", 8: "simulated"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """``name`` without its talker (``RMC``), and its fields."""

    name: str
    fields: tuple[str, ...]

    @property
    def time(self) -> str:
        """The UTC time as sent, ``hhmmss.ss``."""
        return self.fields[0] if self.fields else ""


@dataclass(frozen=True, slots=True)
class Fix:
    """Where the receiver is: degrees, north and east positive; speed [m/s], None where it was not said."""

    latitude_deg: float
    longitude_deg: float
    speed_m_s: float | None


def sentence_of(line: str) -> Sentence:
    """Return the sentence in one line.

    Raises:
        BadFrame: no sentence, too long, or a checksum that does not fit.
    """
    line = line.strip()
    body, star, sum_hex = line[1:].rpartition("*")
    if not line.startswith("$") or not star or len(line) > _LONGEST:
        raise BadFrame(f"GPS: {line[:40]!r} is no sentence")
    found = 0
    for byte in body.encode("ascii", errors="replace"):
        found ^= byte
    if sum_hex.upper() != f"{found:02X}":
        raise BadFrame(f"GPS: bad checksum in {line[:40]!r}, {found:02X} was expected")
    name, *fields = body.split(",")
    return Sentence(name[-3:], tuple(fields))


def fix_of(rmc: Sentence, gga: Sentence, hdop_limit: float) -> Fix:
    """Return the position that both sentences of one second give.

    Raises:
        NoSignal: no fix, or one that is too coarse.
        BadFrame: fields that are missing or no numbers.
        Implausible: a position that is none.
    """
    _at_least(rmc, 8)
    _at_least(gga, 8)
    quality = int(_number(gga.fields[5] or "0", "fix quality"))
    if rmc.fields[1] != "A" or quality in _QUALITIES:
        satellites = gga.fields[6] or "0"
        raise NoSignal(f"GPS: {_QUALITIES.get(quality, 'no fix')}; {satellites} satellites")
    hdop = _number(gga.fields[7], "HDOP")
    if hdop > hdop_limit:
        raise NoSignal(f"GPS: HDOP {hdop:g} is above {hdop_limit:g}, the position is too coarse")
    latitude = degrees(rmc.fields[2], rmc.fields[3], "NS", 90.0)
    longitude = degrees(rmc.fields[4], rmc.fields[5], "EW", 180.0)
    if latitude == 0.0 and longitude == 0.0:
        raise Implausible("GPS: position 0, 0: the receiver says it has a fix and has none")
    knots = rmc.fields[6]
    return Fix(latitude, longitude, _number(knots, "speed") * KNOT_M_S if knots else None)


def degrees(text: str, side: str, sides: str, limit: float) -> float:
    """Return degrees of ``ddmm.mmmm`` and its hemisphere, ``sides`` being the positive and the negative one.

    Raises:
        BadFrame: not of that form.
        Implausible: beyond ``limit``.
    """
    value = _number(text, "position")
    whole = int(value / 100.0)
    minutes = value - 100.0 * whole
    if len(side) != 1 or side not in sides or minutes >= 60.0 or value < 0.0:
        raise BadFrame(f"GPS: {text!r} {side!r} is no position")
    size = whole + minutes / 60.0
    if size > limit:
        raise Implausible(f"GPS: {text!r} {side!r} is beyond {limit:g} degrees")
    return size if side == sides[0] else -size


def _at_least(sentence: Sentence, count: int) -> None:
    if len(sentence.fields) < count:
        raise BadFrame(f"GPS: {sentence.name} has {len(sentence.fields)} fields, {count} are needed")


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError as e:
        raise BadFrame(f"GPS: {what} {text!r} is no number") from e
