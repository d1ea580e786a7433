"""What a kind of device is: one declaration from which everything else derives.

From a :class:`Kind` come the JSON decoder, the binary-COPY layout, the hypertable's
columns, the JSON Schema, the Grafana units and the reference page.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import pkgutil
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType, ModuleType
from typing import Literal

from devices.contract.quantities import Quantity

Storage = Literal["real", "double precision", "smallint"]

ENVELOPE = frozenset({"ts", "boot", "seq", "device", "device_id", "received_at", "quality", "mono_ms", "clk"})
"""Names that the message or the table uses itself; no field may take one."""

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One measured field of a kind.

    Attributes:
        name: wire and column name, with the unit in it.
        quantity: what it is and in which unit.
        minimum, maximum: physical range, both ends allowed, in the field's unit.
        resolution: smallest step that means something, in the field's unit; see also :attr:`step`.
        required: whether a reading without it is rejected.
        sentinels: values inside or outside the range with which chips report a fault.
        storage: column type.
        codes: for a coded field, the meaning of each integer.
        label: name for a person where the quantity's label is not specific enough.
    """

    name: str
    quantity: Quantity
    minimum: float
    maximum: float
    resolution: float = 0.01
    required: bool = False
    sentinels: tuple[float, ...] = ()
    storage: Storage = "real"
    codes: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    label: str = ""

    def __post_init__(self) -> None:
        if not _NAME.match(self.name) or self.name in ENVELOPE:
            raise ValueError(f"field name {self.name!r}: lower case, digits and _, not in the envelope")
        if not self.minimum < self.maximum:
            raise ValueError(f"{self.name}: minimum {self.minimum} must be below {self.maximum}")

    @property
    def title(self) -> str:
        """Name for a person."""
        return self.label or self.quantity.label

    @property
    def decimals(self) -> int:
        """Decimals that the resolution needs: 0.01 -> 2, 0.05 -> 2, 1 -> 0."""
        return max(0, math.ceil(-math.log10(self.resolution)))

    @property
    def step(self) -> float | None:
        """Largest power of two not above the resolution, in the field's unit; None where it is of no use.

        Values that are whole resolutions are stored as multiples of it: their last binary digits
        are zeros, which compress. Rounded to :attr:`decimals` they are what the device sent
        (docs/adr/010). That holds for resolutions of 1, 0.1, 0.01 ... only: of 0.2 or 5 the
        nearest step can be nearer to another decimal.
        """
        if not math.isclose(self.resolution, 10.0**-self.decimals):
            return None
        return float(2.0 ** math.floor(math.log2(self.resolution)))


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of device.

    Attributes:
        name: topic level and table prefix (``<name>_reading``).
        title, description: for a person.
        fields: in column order.
        at_least_one_of: groups of optional fields of which one must be present.
        cadence_s: usual interval between readings [s].
        continuous: whether it measures all the time. Of a device that works only now and then
            (a lorry's) nobody can tell from its cadence how many readings there should be.
    """

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    at_least_one_of: tuple[tuple[str, ...], ...] = ()
    cadence_s: int = 300
    continuous: bool = True

    def __post_init__(self) -> None:
        if not re.match(r"^[a-z][a-z0-9_]{0,30}$", self.name):
            raise ValueError(f"kind name {self.name!r}: lower case letters, digits and _")
        names = [f.name for f in self.fields]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"kind {self.name}: fields must exist and have different names")
        unknown = {n for group in self.at_least_one_of for n in group} - set(names)
        if unknown:
            raise ValueError(f"kind {self.name}: at_least_one_of names no field: {sorted(unknown)}")

    @property
    def table(self) -> str:
        """Name of the table that holds its readings."""
        return f"{self.name}_reading"

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Fields by name."""
        return MappingProxyType({f.name: f for f in self.fields})


def discover(extra_folders: Iterable[str] = ()) -> Mapping[str, Kind]:
    """Return every declared kind by name, in alphabetical order.

    Args:
        extra_folders: folders with further kind files (an installation's own kinds);
            each ``.py`` file there declares ``KIND``.

    Raises:
        ValueError: a file without ``KIND``, or a name declared twice.
    """
    package = importlib.import_module("devices.contract.kinds")
    modules = [
        importlib.import_module(f"{package.__name__}.{m.name}")
        for m in pkgutil.iter_modules(package.__path__)
    ]
    for folder in extra_folders:
        modules += [_load(m, folder) for m in pkgutil.iter_modules([folder])]
    found: dict[str, Kind] = {}
    for module in modules:
        kind = getattr(module, "KIND", None)
        if not isinstance(kind, Kind):
            raise ValueError(f"{module.__name__} declares no KIND")
        if kind.name in found:
            raise ValueError(f"kind {kind.name!r} is declared twice")
        found[kind.name] = kind
    return MappingProxyType(dict(sorted(found.items())))


def _load(info: pkgutil.ModuleInfo, folder: str) -> ModuleType:
    spec = info.module_finder.find_spec(info.name, None)
    if spec is None or spec.loader is None:
        raise ValueError(f"{folder}/{info.name} can't be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
