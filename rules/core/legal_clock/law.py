"""The limits of the Regulations as data; the shipped ones are in ``rules/catalogue/law``."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec

DayCounting = Literal["next_working_day", "same_day"]
MoreTime = Literal["agreed", "never"]
TwelveWeeksFrom = Literal["investigation_concluded", "first_contact"]

Positive = Annotated[int, msgspec.Meta(ge=1, le=366)]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long the landlord has: hours by the clock, working days, weeks of seven days."""

    emergency_h: Positive
    investigate_days: Positive
    summary_days: Positive
    safety_days: Positive
    begin_days: Positive
    start_weeks: Positive


class Remind(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When somebody is reminded.

    Attributes:
        before_days: working days before a limit.
        before_h: hours before a limit by the clock.
        from_hour: of the local day from which reminders go out, 0..23.
        missed_within_days: a limit that ran out longer ago is told nobody.
    """

    before_days: Annotated[int, msgspec.Meta(ge=0, le=30)]
    before_h: Annotated[int, msgspec.Meta(ge=0, le=24)]
    from_hour: Annotated[int, msgspec.Meta(ge=0, le=23)]
    missed_within_days: Annotated[int, msgspec.Meta(ge=1, le=366)]


class Law(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The Regulations.

    Attributes:
        in_force_from: hazards of which the landlord knew before may not fall under them.
        time_zone: whose midnight ends a day.
        day_counting: which day is day 1.
        twelve_weeks_from: where the twelve weeks begin.
        more_time: ``agreed``: more time moves a limit where the household itself wrote it down in time; ``never``: it is
            shown only.
    """

    id: str
    version: Annotated[int, msgspec.Meta(ge=1)]
    title: str
    source: str
    notice: str
    in_force_from: date
    time_zone: str
    day_counting: DayCounting
    twelve_weeks_from: TwelveWeeksFrom
    more_time: MoreTime
    limits: Limits
    remind: Remind


class BankHolidays(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Bank holidays, both ends of what is known included."""

    title: str
    source: str
    known_from: date
    known_until: date
    days: frozenset[date]
