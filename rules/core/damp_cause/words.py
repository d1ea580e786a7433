"""The cause in words for a reading age of nine: what the figures show, and never blame."""

from __future__ import annotations

from rules.core.damp_cause.finding import Evidence, Finding

SURE, FAIRLY = 0.8, 0.6


def sentence(f: Finding) -> str:
    """Return why the home is damp, in a few short sentences."""
    e = f.evidence
    if f.cause == "none":
        return "Your walls were dry nearly all the time."
    return f"{_because(f, e)} {_how_sure(f)}"


def is_plain(confidence: float | None, others: bool) -> bool:
    """Whether a cause may be said as one: quite sure, and nothing stands beside it."""
    return confidence is not None and confidence >= SURE and not others


def _because(f: Finding, e: Evidence) -> str:
    building = (
        "This is the building." if is_plain(f.confidence, bool(f.also)) else "This may be the building."
    )
    much = f"There is {e.excess_ratio:.1f} times as much water in your air as in an ordinary home."
    return {
        "heat": f"The room was at {e.room_c:.0f} °C on average. {_would_go('heat', e)} if it had been at 18 °C or more.",
        "ventilation": f"{much} The water does not get out quickly enough. {_would_go('ventilation', e)} with better ventilation.",
        "load": f"{much} More may go into the air than the home can take. {_would_go('load', e)} with less.",
        "moisture": f"{much} We cannot tell yet whether more goes in, or less gets out. {_would_go('moisture', e)} with an ordinary amount.",
        "fabric": f"The wall gets too cold. {_would_go('fabric', e)} with a well built wall. {building}",
        "outdoor": "The air outside was nearly wet enough to do this by itself. Look again in colder weather.",
        "none": "",
    }[f.cause]


def _would_go(remedy: str, e: Evidence) -> str:
    low, middle, high = e.removed.get(remedy, e.removed["moisture"])
    return f"About {10 * round(10 * middle)} % of the damp would go ({_whole(low)} to {_whole(high)} %)"


def _whole(share: float) -> str:
    return f"{100.0 * share:.0f}"


def _how_sure(f: Finding) -> str:
    if f.confidence >= SURE:
        return "We are quite sure."
    return (
        "We are fairly sure." if f.confidence >= FAIRLY else "We are not sure: more than one thing may help."
    )
