"""Why a home is damp, in words for a reading age of nine; or why that can't be told yet. Pure, and never blame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops_api.web import home_words, words
from rules.core.damp_cause.words import FAIRLY, SURE, is_plain

Row = Mapping[str, Any]

REMEDY: Mapping[str, str] = {
    "heat": "heat",
    "ventilation": "moisture",
    "load": "moisture",
    "moisture": "moisture",
    "fabric": "fabric",
}
NAMES: Mapping[str, str] = {
    "heat": "the cold",
    "ventilation": "too little fresh air",
    "load": "a lot of water",
    "moisture": "a lot of water",
    "fabric": "the wall itself",
    "outdoor": "the weather",
}


@dataclass(frozen=True, slots=True)
class Why:
    """The cause.

    Attributes:
        known: whether there is one.
        text: what, in a few short sentences.
        sure: how sure that is; empty where nothing is known.
        cause: its name in the rules; empty where none is known.
    """

    known: bool
    text: str
    sure: str = ""
    cause: str = ""


def why(finding: Row | None) -> Why:
    """Return why the room of a finding is damp.

    Args:
        finding: the newest of the home; None before the first.
    """
    if finding is None:
        return Why(False, "We can’t tell yet why, because there is no whole day of readings.")
    evidence, cause = finding["evidence"], finding["cause"]
    if cause is None:
        return Why(False, f"We can’t tell yet why, because {_lacks(evidence)}")
    room = home_words.first_upper(home_words.spoken(finding["room"]))
    if cause == "none":
        return Why(True, _SAID[cause](room, evidence), "", cause)
    others, confidence = _others(cause, evidence), finding["confidence"]
    said = _SAID[cause](room, evidence)
    if cause == "fabric":
        said += f" {_building(is_plain(confidence, bool(others)))}"
    return Why(True, said, how_sure(confidence, others), cause)


def _others(cause: str, evidence: Row) -> list[str]:
    """Return what stands beside a cause, in words."""
    named = (NAMES[a] for a in evidence.get("also", ()) if a in NAMES)
    return [name for name in dict.fromkeys(named) if name != NAMES.get(cause)]


def _building(plain: bool) -> str:
    return "This is the building. It is not what you do." if plain else "This may be the building."


def how_sure(confidence: float | None, others: Sequence[str]) -> str:
    """Return a confidence in words, with what else it may be."""
    beside = f" It may also be {' or '.join(others)}." if others else ""
    if confidence is not None and confidence >= SURE:
        return f"We are quite sure of this.{beside}"
    if confidence is not None and confidence >= FAIRLY:
        return f"We are fairly sure of this.{beside}"
    return f"We are not sure.{beside or ' More than one thing may help.'}"


def _lacks(evidence: Row) -> str:
    """Return what is missing to tell a cause; ``lacks``, ``have`` and ``need`` as the finding keeps them."""
    if evidence.get("surface_hours") == 0:
        return "we do not know how cold it is outside."
    if evidence.get("lacks") == "hours":
        have, need = int(evidence["have"] // 24), round(evidence["need"] / 24)
        return f"we have {words.plural(have, 'day')} of readings and need {need}."
    if evidence.get("lacks") == "difference":
        return "it was nearly as warm outside as inside. Walls tell us more when it is cold."
    return "there are not enough readings."


def _gone(remedy: str, e: Row) -> str:
    """Return what a remedy would remove; findings of before, and where the water is not known, have only moisture."""
    return home_words.share(e["removed"].get(remedy, e["removed"]["moisture"])[1])


def _much(e: Row) -> str:
    ratio = e.get("excess_ratio")
    if ratio is None or ratio < 1.05:
        return "There is a lot of water in your air."
    return f"Your air picks up {ratio:.1f} times as much water as in most homes."


def _heat(room: str, e: Row) -> str:
    return (
        f"{room} is cold: about {words.degrees(e['room_c'], 0)}. Cold walls get damp."
        f" If it were 18{home_words.NBSP}°C or more, {_gone('heat', e)} of the damp would go."
    )


def _ventilation(room: str, e: Row) -> str:
    return (
        f"{_much(e)} It does not get out fast enough."
        f" With more fresh air, {_gone('ventilation', e)} of the damp would go."
    )


def _load(room: str, e: Row) -> str:
    return (
        f"{_much(e)} More may get in than a home like yours can clear."
        f" With less, {_gone('load', e)} of the damp would go."
    )


def _moisture(room: str, e: Row) -> str:
    return (
        f"{_much(e)} We can’t tell yet if too much gets in or too little gets out."
        f" With less of it, {_gone('moisture', e)} of the damp would go."
    )


def _fabric(room: str, e: Row) -> str:
    return f"The wall gets too cold. With a better wall, {_gone('fabric', e)} of the damp would go."


def _outdoor(room: str, e: Row) -> str:
    return "The air outside was wet enough to do this on its own. Look again when it is colder."


def _none(room: str, e: Row) -> str:
    return "Your walls were dry nearly all the time."


_SAID: Mapping[str, Callable[[str, Row], str]] = {
    "heat": _heat,
    "ventilation": _ventilation,
    "load": _load,
    "moisture": _moisture,
    "fabric": _fabric,
    "outdoor": _outdoor,
    "none": _none,
}
