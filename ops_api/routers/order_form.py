"""What an officer's form says, as the desk takes it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from cityops.errors import ConfigurationError
from ops_api.housing.team_door import Pass
from ops_api.moments import a_time
from ops_api.request_ids import request_id_of
from ops_api.web.words import moment
from rules.core.winter_orders.model import Cancel, Case, Change, Command, Confirm, OrderOwn, Route
from rules.core.winter_orders.words import act_words

MINUTE = "2026-01-12T09:30"
"""As a browser's field has a time."""


@dataclass(frozen=True, slots=True)
class OrderForm:
    """What a form of the panel says."""

    what: str
    ref: str
    rate: str
    passes: str
    start: str
    start_was: str
    once: str
    reason: str
    segments: list[str] | None
    plough: list[str] | None

    def command(self, who: Pass, route: Route, zone: ZoneInfo, now: datetime) -> Command:
        """Return it as the desk takes it; ConfigurationError where it can't be read."""
        by, role, via, reason = who.name, who.purpose, "page", self.reason
        request_id = self._request_id(who)
        if self.what == "confirm":
            return Confirm(ref=self.ref, by=by, role=role, via=via, note=reason, request_id=request_id)
        if self.what == "cancel":
            return Cancel(ref=self.ref, by=by, role=role, via=via, reason=reason, request_id=request_id)
        rate, passes = _number(self.rate, "rate"), _whole(self.passes, "passes")
        start_s = self._start_s(zone, now)
        # A box that is not ticked sends nothing: the form says "no" before it.
        plough = None if self.plough is None else "yes" in self.plough
        segments = None if self.segments is None else tuple(s for s in self.segments if s)
        if self.what == "change":
            return Change(
                ref=self.ref, by=by, role=role, via=via, reason=reason, g_m2=rate, passes=passes, start_s=start_s,
                segments=segments, plough=plough, request_id=request_id,
            )  # fmt: skip
        if self.what != "order":
            raise ConfigurationError(f"what {self.what!r}: write confirm, change, cancel or order")
        if rate is None:
            raise ConfigurationError("rate: an order needs one, in g/m²")
        return OrderOwn(
            route_id=route.route_id, by=by, role=role, via=via, reason=reason, g_m2=rate, passes=1 if passes is None else passes,
            start_s=start_s, segments=segments, plough=plough is True,
            request_id=request_id,
        )  # fmt: skip

    def _start_s(self, zone: ZoneInfo, now: datetime) -> float | None:
        """Return when the lorry is to leave [s since 1970]; None where nothing else was typed than was there.

        The field has minutes and no offset; what was there has its offset.
        """
        if not self.start.strip() or self.start == self.start_was[: len(MINUTE)]:
            return None
        return a_time(self.start, zone, "start", now, moment(self.start_was)).timestamp()

    def _request_id(self, who: Pass) -> str | None:
        """Return what makes a form that is sent twice one request; None where the form names nothing.

        A part of the page that all officers get is the same for all: here it becomes this officer's.
        """
        if not self.once.strip():
            return None
        mine = sha256(f"{who.name}\0{who.purpose}".encode()).hexdigest()[:12]
        try:
            return request_id_of(f"{self.what}-{self.once.strip()}-{mine}")
        except ValueError as error:
            raise ConfigurationError(f"once {error}") from error

    def overtaken(self, case: Case, request_id: str | None, zone: ZoneInfo) -> str:
        """Return what officers have said about a case since the page was made, in words; empty where nothing.

        A change sends the whole of what the page shows: from an old page it would take back what another has changed.
        What this very request has said is nothing new, as long as nobody has said more.
        """
        ref, _, seen = self.once.strip().rpartition("-")
        if ref != case.ref or not (seen.isascii() and seen.isdigit()):
            return ""
        newer = [a for a in case.acts[int(seen) :] if a.what != "unanswered"]
        if not newer or (len(newer) == 1 and request_id is not None and newer[0].request_id == request_id):
            return ""
        done = request_id is not None and any(a.request_id == request_id for a in newer)
        return (
            f"Since you opened the page something was said about {case.ref}: {act_words(newer[-1], zone)}."
            f" {'What you sent was done before that' if done else 'What you sent is not done'}: look again."
        )


def _number(text: str, name: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError as error:
        raise ConfigurationError(f"{name} {text!r}: write a number") from error


def _whole(text: str, name: str) -> int | None:
    found = _number(text, name)
    if found is None:
        return None
    if not math.isfinite(found) or found != int(found):
        raise ConfigurationError(f"{name} {text!r}: write a whole number")
    return int(found)
