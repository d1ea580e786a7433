"""Reads and writes parameter sets of the road model (TOML); those of this version lie in ``sets/``."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cityops.errors import ConfigurationError
from rules.core.road_surface.parameters import ParameterSet

FOLDER = Path(__file__).with_name("sets")


def shipped() -> list[str]:
    """Return the names of the sets of this version."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name_or_path: str) -> ParameterSet:
    """Return a set by its name, or of a file.

    Raises:
        ConfigurationError: there is none, it is not readable, or a value lies outside its bounds.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        if name_or_path not in shipped():
            raise ConfigurationError(
                f"there is no parameter set {name_or_path!r}; sets: {', '.join(shipped())}, or a .toml file"
            )
        path = FOLDER / f"{name_or_path}.toml"
    try:
        p = msgspec.toml.decode(path.read_bytes(), type=ParameterSet)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    outside = p.outside_bounds()
    if outside:
        raise ConfigurationError(f"{path}: {'; '.join(outside)}")
    return p


def to_toml(p: ParameterSet) -> str:
    """Return a set as TOML, with everything that differs from the defaults."""
    head = ("id", "version", "source", "fitted_from", "fitted_to", "conductivity_factor")
    lines = [f"{name} = {_value(getattr(p, name))}" for name in head]
    empty = ParameterSet(id="", version=0, source="")
    for table in ("site", "turbulence", "stores", "coupling"):
        ours, plain = (msgspec.structs.asdict(getattr(one, table)) for one in (p, empty))
        lines += _table(table, {n: v for n, v in ours.items() if v != plain[n]})
    ground = msgspec.structs.asdict(p.ground)
    lines += _table(
        "ground", {n: v for n, v in ground.items() if n != "layers" and v != getattr(empty.ground, n)}
    )
    for layer in p.ground.layers if p.ground.layers != empty.ground.layers else ():
        lines += [
            "",
            "[[ground.layers]]",
            *(f"{n} = {_value(v)}" for n, v in msgspec.structs.asdict(layer).items()),
        ]
    lines += _table("street", {} if p.street is None else msgspec.structs.asdict(p.street))
    for name, bound in p.fitted.items():
        lines += _table(f"fitted.{name}", msgspec.structs.asdict(bound))
    return "\n".join(lines) + "\n"


def _table(name: str, values: dict[str, object]) -> list[str]:
    return ["", f"[{name}]", *(f"{n} = {_value(v)}" for n, v in values.items())] if values else []


def _value(value: object) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, str) else repr(value)
