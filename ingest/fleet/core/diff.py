"""What differs between settings. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from devices.contract.settings.check import as_reported
from devices.contract.settings.model import Setting, Settings, Value, shown


@dataclass(frozen=True, slots=True)
class Edit:
    """A setting before and after; None: not set."""

    name: str
    before: Value | None
    after: Value | None

    def __str__(self) -> str:
        return f"{self.name}: {shown(self.before)} → {shown(self.after)}"


def diff(before: Settings, after: Settings) -> tuple[Edit, ...]:
    """Return what changes, by name. True is not 1 here: types differ, too."""
    names = sorted(before.keys() | after.keys())
    return tuple(
        Edit(name, before.get(name), after.get(name))
        for name in names
        if not same(before.get(name), after.get(name))
    )


def applied(before: Settings, edits: Iterable[Edit]) -> dict[str, Value]:
    """Return the settings after edits: ``applied(a, diff(a, b)) == b``."""
    made = dict(before)
    for edit in edits:
        if edit.after is None:
            made.pop(edit.name, None)
        else:
            made[edit.name] = edit.after
    return made


def same(one: Value | None, other: Value | None) -> bool:
    """Whether two values are the same setting: 300 and 300.0 are, True and 1 are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def unlike(
    desired: Settings, reported: Settings, declared: Mapping[str, Setting], passed_over: Iterable[str]
) -> tuple[str, ...]:
    """Return the names of settings that a device has otherwise than it was told.

    Args:
        desired: all that is set.
        reported: all that the device says is in force.
        declared: of its kind.
        passed_over: names that its firmware does not know or that it has nothing for.
    """
    without = set(passed_over)
    return tuple(
        name
        for name, value in sorted(desired.items())
        if name in declared
        and name not in without
        and not same(as_reported(declared[name], value), reported.get(name))
    )
