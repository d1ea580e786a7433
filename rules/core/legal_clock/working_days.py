"""Working days: Monday to Friday without bank holidays, by the local calendar; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules.core.legal_clock.law import BankHolidays, DayCounting

DAY = timedelta(days=1)
SATURDAY = 5


class HolidaysUnknownError(ValueError):
    """A date lies where bank holidays are not known: it is not told rather than told wrong."""


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """A calendar that counts.

    Attributes:
        holidays: and how far they are known.
        counting: ``next_working_day``: day 1 is the first working day after the event. ``same_day``: it is the
            event's own day where that is a working day, else the first one after it.
        zone: whose midnight ends a day.
    """

    holidays: BankHolidays
    counting: DayCounting
    zone: ZoneInfo

    def is_working_day(self, day: date) -> bool:
        """Whether people work on ``day``.

        Raises:
            HolidaysUnknownError: bank holidays of that day are not known.
        """
        known = self.holidays
        if not known.known_from <= day <= known.known_until:
            raise HolidaysUnknownError(
                f"Bank holidays are known from {in_words(known.known_from)} to {in_words(known.known_until)} only; "
                f"{in_words(day)} is outside. Add them to bank_holidays_england.toml."
            )
        return day.weekday() < SATURDAY and day not in known.days

    def after(self, event: date, days: int) -> date:
        """Return the last day of ``days`` working days (at least 1) that began with an event.

        Raises:
            HolidaysUnknownError: it lies, or a day counted lies, where they are not known.
        """
        day = event if self.counting == "same_day" else event + DAY
        left = days
        while True:
            left -= self.is_working_day(day)
            if left == 0:
                return day
            day += DAY

    def before(self, day: date, days: int) -> date:
        """Return the working day that lies ``days`` working days before ``day``; ``day`` itself for 0.

        Raises:
            HolidaysUnknownError: as of :meth:`after`.
        """
        while days > 0:
            day -= DAY
            days -= self.is_working_day(day)
        return day

    def day_of(self, at_s: float) -> date:
        """Return the local day of a time [s since 1970]."""
        return datetime.fromtimestamp(at_s, self.zone).date()

    def end_of(self, day: date) -> float:
        """Return the midnight that ends ``day`` [s since 1970]; what is done before it is in time."""
        return datetime.combine(day + DAY, time(), self.zone).timestamp()

    def morning_of(self, day: date, hour: int) -> float:
        """Return when the local clock shows ``hour`` on ``day`` [s since 1970]."""
        return datetime.combine(day, time(hour), self.zone).timestamp()


def in_words(day: date) -> str:
    """Return ``Monday 15 December 2025``."""
    return f"{day:%A} {day.day} {day:%B %Y}"
