"""Whether values are what their settings allow. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from devices.contract.settings.model import Setting, Settings, Value, Wrong

SHORTEST_FLASH_S = 1 / 3
"""Three flashes a second at most (WCAG 2.2, success criterion 2.3.1)."""
_PEM = re.compile(r"\A\s*(-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+\Z")
_ABOVE = (("judge.wall_look_pct", "judge.wall_act_pct"), ("judge.air_look_pct", "judge.air_act_pct"))


@dataclass(frozen=True, slots=True)
class Checked:
    """Values that were looked at.

    Attributes:
        settings: those that are known and right, as their type says (a whole number for ``integer``).
        wrong: what is not allowed.
        unknown: names that no setting has.
    """

    settings: Settings
    wrong: tuple[Wrong, ...]
    unknown: tuple[str, ...]

    def reasons(self) -> tuple[str, ...]:
        """Return what is wrong, a line each."""
        return tuple(str(w) for w in self.wrong)


def check(declared: Mapping[str, Setting], given: Mapping[str, Any]) -> Checked:
    """Return what is right and wrong with values.

    Args:
        declared: the settings that there are.
        given: values by name, as they came in a message.
    """
    right: dict[str, Value] = {}
    wrong: list[Wrong] = []
    for name in sorted(given.keys() & declared.keys()):
        value = typed(declared[name], given[name])
        if value is None:
            wrong.append(Wrong(name, _plain(given[name]), f"must be {declared[name].allowed()}"))
        else:
            right[name] = value
    wrong += together(declared, right)
    return Checked(right, tuple(wrong), tuple(sorted(given.keys() - declared.keys())))


def typed(setting: Setting, value: object) -> Value | None:
    """Return a value as its setting's type; None where it is not allowed."""
    if setting.type == "flag":
        return value if isinstance(value, bool) else None
    if setting.type in ("integer", "number"):
        return _number(setting, value)
    if not isinstance(value, str):
        return None
    if setting.type == "choice":
        return value if value in setting.choices else None
    if not 0 < len(value) <= setting.longest:
        return None
    looks = _PEM.match(value) if setting.type == "pem" else re.fullmatch(setting.pattern, value)
    return value if looks else None


def _number(setting: Setting, value: object) -> Value | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    assert setting.minimum is not None, "a number has limits"
    assert setting.maximum is not None, "a number has limits"
    if not setting.minimum <= value <= setting.maximum:  # NaN is not either
        return None
    if setting.type == "integer":
        return int(value) if value == int(value) else None
    return float(value)


def together(declared: Mapping[str, Setting], given: Settings) -> list[Wrong]:
    """Return what is wrong of values that are right each by itself; what is not given is at its default."""

    def now(name: str) -> float | None:
        value = given.get(name, declared[name].default if name in declared else None)
        return None if value is None or isinstance(value, str) else float(value)

    found = []
    for low, high in _ABOVE:
        look, act = now(low), now(high)
        if look is not None and act is not None and look >= act:
            found.append(Wrong(low, look, f"must be below {high}, which is {act:g}"))
    for mood in ("calm", "look", "act"):
        on, off = now(f"eyes.{mood}_on_s"), now(f"eyes.{mood}_off_s")
        if on and off is not None and on + off < SHORTEST_FLASH_S:
            found.append(
                Wrong(f"eyes.{mood}_on_s", on, "lit and dark together must last a third of a second or more")
            )
    return found


def read(setting: Setting, text: str) -> Value:
    """Return the value that somebody typed.

    Raises:
        ValueError: naming the setting, what was typed and what is allowed.
    """
    value = typed(setting, _from_text(setting, text.strip()))
    if value is None:
        raise ValueError(str(Wrong(setting.name, text.strip(), f"must be {setting.allowed()}")))
    return value


def _from_text(setting: Setting, text: str) -> object:
    if setting.type == "flag":
        return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(
            text.lower()
        )
    if setting.type in ("integer", "number"):
        try:
            return float(text)
        except ValueError:
            return None
    return text


def as_reported(setting: Setting, value: Value) -> Value:
    """Return a value as a device reports it: of a certificate its digest, else itself."""
    if setting.type != "pem" or not isinstance(value, str) or value.startswith("sha256:"):
        return value
    return f"sha256:{digest_of(value)}"


def digest_of(pem: str) -> str:
    """Return the first 16 hexadecimal digits of a text's SHA-256, however its lines end."""
    return sha256("\n".join(pem.split()).encode()).hexdigest()[:16]


def _plain(value: object) -> Value:
    return value if isinstance(value, bool | int | float | str) else json.dumps(value, default=str)
