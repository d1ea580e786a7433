"""Reading one row of a file: each field that is wrong is told with its value and what is allowed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

from rules.core.bin_days.calendar import check_rule
from rules.core.bin_days.model import COLOURS, MOVED_MOST_DAYS
from rules.core.bin_days.search import enough, uprn_of, words_of

T = TypeVar("T")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_PRINTED = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+")
NO_DAY = date(2000, 1, 3)
"""Stands where a day can't be read; such a row is refused."""


class Wrong(ValueError):  # noqa: N818  it carries several
    """What is wrong with a row, one text each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


class Fields:
    """The fields of one row. Reading a wrong one notes it and goes on; :meth:`check` raises what was noted.

    Attributes:
        place: of the row, for people: ``line 7`` or ``rounds[2]``.
    """

    def __init__(self, place: str, row: Mapping[str, Any]) -> None:
        self.place, self._row = place, row
        self._problems: list[str] = []

    def wrong(self, name: str, value: object, allowed: str) -> None:
        """Note that a field is wrong."""
        said = "is missing" if value is None else f"is {value!r}"
        self._problems.append(f"{self.place}: {name} {said}; allowed: {allowed}")

    def check(self) -> None:
        """Raise :class:`Wrong` where anything was noted."""
        if self._problems:
            raise Wrong(self._problems)

    def has(self, name: str) -> bool:
        """Whether a field is given."""
        return self._row.get(name) is not None

    def only(self, *names: str) -> None:
        """Note fields of other names: misspelt ones would be ignored in silence."""
        for name in self._row:
            if name not in names:
                self._problems.append(
                    f"{self.place}: field {name!r} is unknown; fields are {', '.join(names)}"
                )

    def nested(self, row: Fields, read: Callable[[Fields], T]) -> T | Any:
        """Return what ``read`` makes of a row within this one, or None; its problems are noted here."""
        try:
            return read(row)
        except Wrong as wrong:
            self._problems += wrong.problems
            return None

    def text(self, name: str, most: int) -> str:
        """Return a text of one line."""
        value = self._row.get(name)
        if (
            not isinstance(value, str)
            or not value.strip()
            or len(value) > most
            or not _PRINTED.fullmatch(value)
        ):
            self.wrong(name, value, f"a line of 1 to {most} characters")
            return "?"
        return value.strip()

    def address(self, name: str) -> str:
        """Return an address: with at least one word that can be looked for."""
        value = self.text(name, 200)
        if value != "?" and not enough(words_of(value)):
            self.wrong(name, value, "an address with a street, e.g. 12 Mill Lane")
        return value

    def name(self, name: str) -> str:
        """Return an id of small letters, digits and hyphens."""
        value = self._row.get(name)
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            self.wrong(name, value, "small letters, digits and hyphens, 1 to 40")
            return "?"
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """Return a list of names, or a text with blanks between them; none where the field is not given."""
        value = self._row.get(name, [])
        found = value.split() if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(v, str) and v for v in found):
            self.wrong(name, value, "a list of names")
            return ()
        return tuple(dict.fromkeys(found))

    def known_names(self, name: str, known: Sequence[str]) -> tuple[str, ...]:
        """Return names of which each is known, at least one."""
        found = self.names(name)
        strange = [v for v in found if v not in known]
        if strange or not found:
            self.wrong(
                name, strange[0] if strange else None, f"some of {', '.join(known) or '(there are none)'}"
            )
        return found

    def one_of(self, name: str, known: Sequence[str]) -> str | None:
        """Return a name that is known; None where it is not given."""
        value = self._row.get(name)
        if value is not None and value not in known:
            self.wrong(name, value, f"one of {', '.join(known) or '(there are none)'}, or nothing for all")
        return value if isinstance(value, str) else None

    def objects(self, name: str) -> list[Mapping[str, Any]]:
        """Return a list of objects with at least one in it."""
        value = self._row.get(name)
        if not isinstance(value, list) or not value or not all(isinstance(v, Mapping) for v in value):
            self.wrong(name, value, "a list of objects, at least one")
            return []
        return value

    def day(self, name: str) -> date:
        """Return a day such as ``2026-12-28``."""
        value = self._row.get(name)
        try:
            found = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:
            found = None
        if found is None or not 2000 <= found.year < 2200:
            self.wrong(name, value, "a day as 2026-12-28")
            return NO_DAY
        return found

    def near_day(self, name: str, day: date) -> date | None:
        """Return another day near one; None for nothing or ``cancelled``."""
        if not self.has(name) or self._row.get(name) == "cancelled":
            return None
        found = self.day(name)
        if found != NO_DAY and day != NO_DAY and abs(found - day) > timedelta(days=MOVED_MOST_DAYS):
            self.wrong(name, str(found), f"at most {MOVED_MOST_DAYS} days from {day}")
        return found

    def clock(self, name: str, otherwise: int) -> int:
        """Return a local time such as ``17:00`` in minutes after midnight."""
        value = self._row.get(name)
        if value is None:
            return otherwise
        found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self.wrong(name, value, "a time as 17:00")
            return otherwise
        return 60 * int(found[1]) + int(found[2])

    def colour(self, name: str) -> str:
        """Return the colour of a container."""
        value = self._row.get(name, "grey")
        if value not in COLOURS:
            self.wrong(name, value, ", ".join(COLOURS))
            return "grey"
        return str(value)

    def rule(self, name: str, start: date) -> str:
        """Return a rule of recurrence; ``weekly`` and ``fortnightly`` are words for two of them."""
        value = self._row.get(name)
        short = {"weekly": "FREQ=WEEKLY", "fortnightly": "FREQ=WEEKLY;INTERVAL=2"}
        if not isinstance(value, str):
            self.wrong(name, value, "weekly, fortnightly, or a rule as FREQ=WEEKLY;INTERVAL=3")
            return short["weekly"]
        rule = short.get(value, value)
        if (why := check_rule(rule, start)) is not None:
            self.wrong(name, value, f"weekly, fortnightly, or a rule; it {why}")
            return short["weekly"]
        return rule

    def degrees(self, name: str, most: float) -> float | None:
        """Return an angle; None where it is not given."""
        value = self._row.get(name)
        if value is None:
            return None
        try:
            found = (
                float(value)
                if isinstance(value, (str, int, float)) and not isinstance(value, bool)
                else math.nan
            )
        except ValueError:
            found = math.nan
        if not -most <= found <= most:
            self.wrong(name, value, f"degrees from -{most:g} to {most:g}")
            return None
        return found

    def uprn(self, name: str) -> int:
        """Return a UPRN, as a number or a text."""
        value = self._row.get(name)
        found = uprn_of(str(value)) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
        if found is None:
            self.wrong(name, value, "a UPRN: 1 to 12 digits, not 0")
            return 1
        return found
