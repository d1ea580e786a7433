"""A question about a closure as a form or a program sends it, asked, and its answer kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from cityops.errors import ConfigurationError
from ops_api.moments import a_time
from ops_api.ops_places import of_street, streets_like
from ops_api.ops_tools import OpsTools
from rules.closing.ports import NewWhatIf, WhatIf
from rules.core.closing_effects.document import ClosingDocument
from rules.what_if.service import NoSuchStretchError, Question

TEXT_MOST = 1000
STRETCHES_MOST = 500
"""So many may be closed at once: a district."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A question as typed: stretches, a street's name, times by the clock on the wall; empty: now, open end."""

    segments: Sequence[str] = ()
    street: str = ""
    from_: str = ""
    until: str = ""
    reason: str = ""

    @classmethod
    def of(cls, segments: str, street: str, from_: str, until: str, reason: str) -> Typed:
        """Return it from a form's fields; stretches are parted by blanks or commas."""
        names = [s for s in re.split(r"[\s,]+", segments) if s]
        return cls(names, street.strip(), from_.strip(), until.strip(), reason.strip())


async def question_of(
    tools: OpsTools, typed: Typed, now: datetime, zone: ZoneInfo, iterations: int | None = None
) -> Question:
    """Return the question.

    Raises:
        ConfigurationError: it names no road, an unknown street, too many stretches, or times that can't be.
        NoWayError: there are no roads.
    """
    network = (await tools.ways.ground()).network
    found = list(typed.segments)
    if typed.street:
        own = of_street(network, typed.street)
        if not own:
            like = ", ".join(streets_like(network, typed.street))
            raise ConfigurationError(
                f"There is no street {typed.street!r}{f'; there are {like}' if like else ''}."
            )
        found += own
    if not found:
        raise ConfigurationError("Which road? Choose stretches on the map, or write a street's name.")
    if len(found) > STRETCHES_MOST:
        raise ConfigurationError(f"{len(found)} stretches; at most {STRETCHES_MOST} at once.")
    from_s = a_time(typed.from_, zone, "From", now).timestamp() if typed.from_ else now.timestamp()
    until_s = a_time(typed.until, zone, "Until", now).timestamp() if typed.until else None
    if until_s is not None and until_s <= from_s:
        raise ConfigurationError("It would end before it begins.")
    names, now_s = list(dict.fromkeys(found)), now.timestamp()
    reason = typed.reason or "what if"
    if iterations is None:
        return Question(names, from_s, until_s, reason, now_s)
    return Question(names, from_s, until_s, reason, now_s, iterations)


async def asked(tools: OpsTools, question: Question) -> ClosingDocument:
    """Return the answer; ConfigurationError where a stretch is unknown."""
    try:
        return await tools.what_if.close(question)
    except NoSuchStretchError as error:
        raise ConfigurationError(str(error)) from error


async def kept(
    tools: OpsTools, found: ClosingDocument, who: tuple[str, str], via: str, note: str, request_id: str | None
) -> WhatIf:
    """Return the answer as it is kept; ``who`` asked, in which role."""
    by, role = who
    document = msgspec.to_builtins(found)
    return await tools.notes.keep(
        NewWhatIf(
            at_s=found.at_s,
            by=by,
            role=role,
            via=via,
            note=note.strip(),
            document=document,
            request_id=request_id,
        )
    )
