"""What one setting is. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Value = bool | int | float | str
"""What a setting may be; numbers in the setting's unit."""
Settings = Mapping[str, Value]
"""Values by the name of their setting."""
Type = Literal["integer", "number", "flag", "choice", "text", "pem"]

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}(\.[a-z][a-z0-9_]{0,40}){0,2}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A declared setting.

    Attributes:
        name: words joined by dots, with the unit at its end.
        type: ``pem`` is a certificate as text; a device reports its digest instead.
        title, description: for a person.
        section: under which heading it is shown.
        unit: as shown.
        minimum, maximum: both ends allowed, in the setting's unit.
        choices: what is allowed of a ``choice``.
        default: as a device is without it; None: as it was installed.
        kinds: of which it is; empty: of all.
        cuts_off: whether a bad value could keep the device from ever hearing a better one: it is taken back unless it is
            confirmed.
        command_only: set by the command on the server, never by the website.
        pattern: what a text must look like.
        longest: characters of a text at most.
    """

    name: str
    type: Type
    title: str
    description: str
    section: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    default: Value | None = None
    kinds: frozenset[str] = frozenset()
    cuts_off: bool = False
    command_only: bool = False
    pattern: str = ""
    longest: int = 0

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(f"setting {self.name!r}: lower case words joined by dots, three at most")
        if self.type in ("integer", "number") and (self.minimum is None or self.maximum is None):
            raise ValueError(f"setting {self.name}: a number needs a minimum and a maximum")

    def allowed(self) -> str:
        """Return what is allowed, in words."""
        if self.type == "flag":
            return "true or false"
        if self.type == "choice":
            return "one of " + ", ".join(self.choices)
        if self.type == "pem":
            return f"certificates in PEM, {self.longest} characters at most"
        if self.type == "text":
            return f"{self.longest} characters at most, like {self.pattern}"
        whole = "a whole number" if self.type == "integer" else "a number"
        return f"{whole} from {self.minimum:g} to {self.maximum:g}{f' {self.unit}' if self.unit else ''}"


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one setting."""

    name: str
    value: Value | None
    allowed: str

    def __str__(self) -> str:
        return f"{self.name} {shown(self.value)}: {self.allowed}"


def shown(value: Value | None) -> str:
    """Return a value as a person types it: ``true``, ``300``, ``0.5``; what is long is cut."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}"
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
