"""What the report says of rooms: figures with what they rest on, and charts."""

from __future__ import annotations

from datetime import UTC, datetime

from rules.core.evidence.blocks import Block, bullets, image, para, table
from rules.core.evidence.chart import Chart, alt_text, axis
from rules.core.evidence.figures import CONDENSATION_PCT, MOULD_PCT, HomeFigures, RoomFigures, Three
from rules.core.iso13788.standardised import NotStandardised
from rules.core.mould import risk_band

SILENCES_SHOWN = 12


def room_answer(room: RoomFigures) -> str:
    """Return the first thing to know of a room."""
    if room.hours_known == 0:
        return f"{room.label}: nothing was measured in this period."
    if room.wall_hours == 0:
        return (
            f"{room.label}: the air was {_number(room.mean_c, '°C')} and {_number(room.mean_pct, '%', 0)} humid on average. "
            "There are no outdoor conditions, so nothing can be said of the walls."
        )
    d, share = room.damp_hours, room.damp_hours.mid / room.wall_hours
    between = f"; between {d.low:.0f} and {d.high:.0f}, as the wall's insulation is {_how_known(room)}"
    return (
        f"{room.label}: at the coldest wall the air was at {MOULD_PCT:.0f} % humidity or more in {d.mid:.0f} of "
        f"{room.wall_hours} hours that are known ({share:.0%}{between if d.low < d.high else ''}). Where that lasts for days, "
        f"mould can grow. Risk index up to {room.index.mid:.1f} of 6 ({risk_band(room.index.mid)} risk)."
    )


def measured(figures: HomeFigures) -> list[Block]:
    """Return what was measured, room by room."""
    rows = [
        [
            r.label, f"{r.readings:,} of {r.expected:,}", _share(r.hours_known, r.hours), _number(r.mean_c, "°C"),
            _number(r.mean_pct, "%", 0), str(r.doubtful),
        ]
        for r in figures.rooms
    ]  # fmt: skip
    outdoor = (
        f"Outdoors: {figures.outdoor}; mean {_number(figures.outdoor_mean_c, '°C')} in {figures.outdoor_hours:,} hours that are known."
        if figures.outdoor
        else "Outdoors: no weather station reported in this period; what depends on it is left out."
    )
    header = [
        "Room",
        "Readings of those expected",
        "Hours known",
        "Mean temperature",
        "Mean humidity",
        "Left out",
    ]
    return [table("What was measured, and how complete it is", header, rows), para(outdoor)]


def walls(figures: HomeFigures, offsets: dict[str, int]) -> list[Block]:
    """Return how damp the coldest walls were; ``offsets``: number of each room's charts."""
    rows = [
        [
            r.label, _band(r.damp_hours), _band(r.wet_hours), f"{r.wall_hours:,}", _band(r.index, 1),
            f"{r.factor.mid:.2f} ({r.factor.low:.2f} to {r.factor.high:.2f}), {r.factor_words}",
        ]
        for r in figures.rooms
    ]  # fmt: skip
    header = [
        "Room",
        "Hours at 80 % or more",
        "Hours at 100 %",
        "Of hours",
        "Risk index, 0 to 6",
        "Temperature factor",
    ]
    blocks = [table("The coldest wall of each room: likeliest value and its band", header, rows)]
    for room in figures.rooms:
        for chart, number in zip(charts(room), (0, 1), strict=True):
            name = f"chart-{offsets[room.device] + number}.svg"
            blocks.append(image(name, alt_text(chart), f"{room.label}: {chart.what}"))
    return blocks


def charts(room: RoomFigures) -> tuple[Chart, Chart]:
    """Return a room's two charts: humidity at the coldest wall, and temperature."""
    days = [d.day_s for d in room.days]
    inside = [d.room_c for d in room.days]
    low_c, high_c = axis(inside, 4.0, 12.0, 24.0)
    return (
        Chart(
            what="humidity at the coldest wall, with its band", unit="%", days_s=days,
            values=[d.wall_mid_pct for d in room.days], low=[d.wall_low_pct for d in room.days],
            high=[d.wall_high_pct for d in room.days], low_y=0.0, high_y=CONDENSATION_PCT,
            limit=(MOULD_PCT, "80 %: mould can grow if it lasts"),
        ),
        Chart(what="room temperature", unit="°C", days_s=days, values=inside, low_y=low_c, high_y=high_c),
    )  # fmt: skip


def use(figures: HomeFigures) -> list[Block]:
    """Return how warm the home was kept and how much moisture there was, compared with ordinary use."""
    rows = [
        [r.label, f"{r.cool_hours:,}", f"{r.cold_hours:,}", f"{r.hours_known:,}", _number(r.excess_pa, "Pa", 0),
         _standard(r), _class(r)]
        for r in figures.rooms
    ]  # fmt: skip
    header = [
        "Room", "Hours below 18 °C", "Hours below 16 °C", "Of hours", "Moisture above outdoors", "At 5 °C outdoors", "Humidity class",
    ]  # fmt: skip
    return [
        table("Warmth and moisture", header, rows),
        para(
            "Showers, cooking, washing and sleeping are ordinary use of a home: they put moisture into the air everywhere. "
            "The moisture above outdoors says how much stays; the classes 1 (dry) to 5 (very humid) are those of ISO 13788. "
            "These figures do not say why the moisture stays."
        ),
    ]


def gaps(figures: HomeFigures, numbers: int) -> list[Block]:
    """Return where there are no readings; ``numbers``: ranges that the ledger knows to be missing."""
    lines = [
        f"{r.label}: {_time(a)} to {_time(b)} ({(b - a) / 3600:.1f} hours)"
        for r in figures.rooms
        for a, b in sorted(r.silences, key=lambda s: s[0] - s[1])[:SILENCES_SHOWN]
    ]
    total = sum(len(r.silences) for r in figures.rooms)
    if not lines:
        found = [para("No box was silent for longer than three of its intervals.")]
    else:
        found = [
            para(f"Times without readings, the longest first ({total} in all; gaps.json has each):"),
            bullets(lines),
        ]
    return [*found, para(_ledger(numbers))]


def _ledger(numbers: int) -> str:
    if numbers == 0:
        return "Each box numbers its readings. No number is missing between the first and the last that are shown."
    ranges = "one range of numbers" if numbers == 1 else f"{numbers} ranges of numbers"
    return f"Each box numbers its readings: {ranges} never came (gaps.json), between the first and the last that are shown."


def _how_known(room: RoomFigures) -> str:
    return "learned with an uncertainty" if room.factor.learned else "not measured"


def _standard(room: RoomFigures) -> str:
    s = room.standard
    if isinstance(s, NotStandardised):
        return f"not known: {s.reason}"
    return f"{s.excess_pa:.0f} ± {2 * s.excess_error_pa:.0f} Pa ({s.days} days)"


def _class(room: RoomFigures) -> str:
    found = room.humidity_class
    if found is None:
        return "not known"
    return (
        str(found.likeliest)
        if found.low == found.high
        else f"{found.likeliest} ({found.low} to {found.high})"
    )


def _band(three: Three, digits: int = 0) -> str:
    middle, low, high = (f"{v:,.{digits}f}" for v in (three.mid, three.low, three.high))
    return middle if low == high else f"{middle} ({low} to {high})"


def _number(value: float | None, unit: str, digits: int = 1) -> str:
    return "not known" if value is None else f"{value:.{digits}f} {unit}"


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}" + (f" ({part / whole:.0%})" if whole else "")


def _time(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M} UTC"
