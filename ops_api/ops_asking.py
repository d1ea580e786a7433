"""A question about a closure as a form or a program sends it, asked, and its answer kept."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from cityops.errors import ConfigurationError
from ops_api.moments import a_time
from ops_api.ops_places import stretches_of
from ops_api.ops_tools import OpsTools
from rules.closing.ports import ClosureRefusedError, NewWhatIf, WhatIf
from rules.core.closing.model import EARLIEST_S, LATEST_S, Closure, NewClosure, Opening
from rules.core.closing.opening import of_closure
from rules.core.closing_effects.document import ClosingDocument
from rules.what_if.service import USUAL_ITERATIONS, NoSuchStretchError, Question

TEXT_MOST = 1000


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
    names = await _names(tools, typed)
    from_s, until_s = span_of(typed.from_, typed.until, now, zone)
    reason = typed.reason or "what if"
    usual = USUAL_ITERATIONS if iterations is None else iterations
    return Question(names, from_s, until_s, reason, now.timestamp(), usual)


async def closure_of(
    tools: OpsTools, typed: Typed, now: datetime, zone: ZoneInfo, who: tuple[str, str], via: str, request_id: str | None
) -> NewClosure:  # fmt: skip
    """Return a closure as somebody says it; ``who`` says it, in which role.

    Raises:
        ConfigurationError: as :func:`question_of`; or it has no reason, or would be over already.
        NoWayError: there are no roads.
    """
    names = await _names(tools, typed)
    from_s, until_s = span_of(typed.from_, typed.until, now, zone)
    if until_s is not None and until_s <= now.timestamp():
        raise ConfigurationError("It would be over already.")
    by, role = who
    try:
        return NewClosure(
            segments=tuple(names), from_s=from_s, until_s=until_s, reason=typed.reason.strip(), at_s=now.timestamp(),
            by=by, role=role, via=via, request_id=request_id,
        )  # fmt: skip
    except ValueError as error:
        raise ConfigurationError(f"{error}.") from error


async def opened(
    tools: OpsTools, now_s: float, segments: Sequence[str], who: tuple[str, str], via: str, reason: str,
    closure_id: int | None,
) -> Sequence[Closure]:  # fmt: skip
    """Open stretches now and return the closures they were closed by.

    Args:
        tools: keep closures.
        now_s: the town's time [s since 1970].
        segments: which; none: all that the closure still closes, or will.
        who: says it, in which role.
        via: over which way.
        reason: what was done.
        closure_id: only of this closure; None: of all.

    Raises:
        ClosureRefusedError: there is no such closure, or one of the stretches is not closed.
    """
    names = list(segments)
    if closure_id is not None and not names:
        holding = of_closure(await tools.closures.between(now_s, math.inf), closure_id)
        if not holding:
            raise ClosureRefusedError(f"Closure {closure_id} closes nothing any more, or there is none.")
        names = [s for s in holding[0].segments if holding[0].closes(s, now_s, math.inf)]
    by, role = who
    opening = Opening(segments=tuple(names), at_s=now_s, by=by, role=role, via=via, reason=reason.strip())
    return await tools.closures.open(opening, closure_id)


async def _names(tools: OpsTools, typed: Typed) -> list[str]:
    network = (await tools.ways.ground()).network
    return stretches_of(network, typed.segments, [typed.street] if typed.street else [])


def span_of(from_: str, until: str, now: datetime, zone: ZoneInfo) -> tuple[float, float | None]:
    """Return from when until when, as typed [s since 1970]: now and open end where nothing is; ConfigurationError where it can't be."""
    from_s = a_time(from_, zone, "From", now).timestamp() if from_ else now.timestamp()
    until_s = a_time(until, zone, "Until", now).timestamp() if until else None
    for name, at_s in (("From", from_s), ("Until", until_s)):
        if at_s is not None and not EARLIEST_S <= at_s <= LATEST_S:
            raise ConfigurationError(f"{name} is not between 1970 and 2100.")
    if until_s is not None and until_s <= from_s:
        raise ConfigurationError("It would end before it begins.")
    return from_s, until_s


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
