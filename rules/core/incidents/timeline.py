"""What happened in an incident, from everybody's books, in one list. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rules.core.incidents.model import Act, Signal
from rules.core.incidents.words import act_words

MOST = 400
"""Lines that a page shows; the newest."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened.

    Attributes:
        source: ``incident``, ``alarm``, ``order``, ``round``, ``report`` or ``message``.
        text: in words that anybody may read; ``private``: what only officers read, such as names.
        href: where more is; empty: nowhere.
    """

    at_s: float
    source: str
    text: str
    private: str = ""
    href: str = ""


def assembled(
    acts: Sequence[Act], signals: Sequence[Signal], around: Sequence[Line], *, names: bool
) -> tuple[Line, ...]:
    """Return all that happened, the newest first.

    Args:
        acts: the incident's own log.
        signals: its alarms and reports, which begin and end.
        around: what other books say.
        names: whether the reader may know who did and wrote what.
    """
    lines = [Line(at_s=a.at_s, source="incident", text=act_words(a, names=names)) for a in acts]
    lines += [x for s in signals for x in _signal(s)]
    lines += [_for(line, names=names) for line in around]
    found = sorted(enumerate(lines), key=lambda x: (x[1].at_s, x[0]))
    return tuple(line for _, line in reversed(found))


def _for(line: Line, *, names: bool) -> Line:
    text = f"{line.text}: {line.private}" if names and line.private else line.text
    return msgspec.structs.replace(line, text=text, private="")


def _signal(signal: Signal) -> list[Line]:
    source = "report" if signal.service == "reports" else "alarm"
    href = "" if signal.alarm_id is None else f"/alarms/{signal.alarm_id}"
    where = f", {signal.street}" if signal.street and signal.street not in signal.title else ""
    name = f" ({signal.subject})" if signal.kind in ("segment", "device") else ""
    said = f"{signal.title}{where}{name}"
    lines = [Line(at_s=signal.at_s, source=source, text=f"{said}: began, {signal.severity}", href=href)]
    if signal.ended_s is not None:
        lines.append(Line(at_s=signal.ended_s, source=source, text=f"{said}: over", href=href))
    return lines
