"""Alarms of what is wrong at a bin, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rules.core.bin_trouble.facts import Facts
from rules.core.conditions.telling import Subject, Words
from rules.core.effects import Json, iso, num

Name = str
NAMES: tuple[Name, ...] = ("tilted", "blocked", "not_emptied", "contaminated")
"""Of the alarms: fields of the catalogue and of the memory."""


def subject_of(name: Name, facts: Facts) -> Subject:
    """Return how to speak of an alarm of a bin."""
    title, why, more = _SAY[name](facts)
    words = Words(f"{facts.site.label}: {title}", why, {**_inputs(facts), **more})
    rule = getattr(facts.ctx.catalogue, name)
    return Subject(rule, "bin", facts.site.bin_id, lambda _: words, lambda: _ENDED[name](facts))


def _inputs(facts: Facts) -> Json:
    return {
        "fill_pct": num(facts.fills.fill_pct, 1),
        "device": facts.site.device,
        "at": iso(facts.at_s),
    }


def _tilted(facts: Facts) -> tuple[str, str, Json]:
    run, limit = facts.fills.tilted, facts.ctx.catalogue.full.parameters.filter.tilt_deg
    since = iso(facts.at_s if run is None else run.since_s)
    n = 0 if run is None else run.n
    why = (
        f"On its side by more than {limit:g}° in {n} reports since {since}. Its fill is not judged meanwhile."
    )
    return "knocked over", why, {"tilt_deg": num(facts.tilt_deg, 0), "limit_deg": limit, "since": since}


def _blocked(facts: Facts) -> tuple[str, str, Json]:
    act, jam = facts.said.blocked, facts.fills.jam
    if act is not None:
        why, since = f"The crew could not get at it ({iso(act.at_s)}).", iso(act.at_s)
        return "can't be reached", why, {"by": "crew", "act": act.number, "since": since}
    since = iso(facts.at_s if jam is None else jam.since_s)
    why = f"Something has been right at its sensor since {since}; its level is not known."
    return "blocked", why, {"by": "sensor", "act": None, "since": since}


def _not_emptied(facts: Facts) -> tuple[str, str, Json]:
    denied_s, failed = facts.memory.denied_s, facts.said.failed
    more = {"serviced_at": iso(denied_s) if facts.said.denied else None, "failed_visits": failed}
    if facts.said.denied:
        return (
            "serviced but not emptied",
            f"Said to be serviced ({iso(denied_s)}); the level did not fall.",
            more,
        )
    return "not emptied", f"{failed} visits in a row could not empty it.", more


def _contaminated(facts: Facts) -> tuple[str, str, Json]:
    act = facts.said.contaminated
    at = iso(facts.at_s if act is None else act.at_s)
    why = f"The crew found the wrong waste in it ({at}). Do not tip it with its stream ({facts.site.stream})."
    number = None if act is None else act.number
    return "wrong waste, a separate job", why, {"act": number, "since": at, "stream": facts.site.stream}


def _emptied(facts: Facts) -> str:
    emptied_s = facts.fills.emptied_s
    if emptied_s is not None and (facts.memory.denied_s is None or emptied_s > facts.memory.denied_s):
        return f"Last emptied: {iso(emptied_s)}."
    return _collected(facts)


def _collected(facts: Facts) -> str:
    collected_s = facts.said.collected_s
    return "What was said was taken back." if collected_s is None else f"Collected: {iso(collected_s)}."


_SAY: Mapping[Name, Callable[[Facts], tuple[str, str, Json]]] = {
    "tilted": _tilted,
    "blocked": _blocked,
    "not_emptied": _not_emptied,
    "contaminated": _contaminated,
}
_ENDED: Mapping[Name, Callable[[Facts], str]] = {
    "tilted": lambda _: "It stands upright again.",
    "blocked": lambda _: "Nothing is in the way any more.",
    "not_emptied": _emptied,
    "contaminated": _collected,
}
