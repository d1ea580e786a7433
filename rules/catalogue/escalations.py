"""The chains of people in the catalogue: ``escalation_<id>.toml``, and which one a rule's alarms take."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from cityops.errors import ConfigurationError
from rules.catalogue.faults import Fault, fault_at, parse_file
from rules.catalogue.loader import SHIPPED, Files, read_files, shipped_value
from rules.core.alarm_spec import Escalation

DEFAULT = "default"


def load_escalations(folder: Path = SHIPPED) -> dict[str, Escalation]:
    """Return the escalations in ``folder`` by id.

    Raises:
        ConfigurationError: a file is no TOML, a field is unknown, missing or out of its limits,
            an id does not fit its file's name, or there is no ``escalation_default.toml``.
    """
    found, faults = examine_escalations(read_files(folder))
    if faults:
        raise ConfigurationError(f"{folder}/{faults[0]}")
    return found


def examine_escalations(files: Files) -> tuple[dict[str, Escalation], tuple[Fault, ...]]:
    """Return the escalations among a catalogue's files by id, and everything that is wrong with them."""
    found: dict[str, Escalation] = {}
    faults: list[Fault] = []
    for file in sorted(f for f in files if f.startswith("escalation_")):
        parsed = parse_file(file, files[file], Escalation, shipped_value(file))
        name = file.removeprefix("escalation_").removesuffix(".toml")
        faults += parsed.faults
        if parsed.value is not None and parsed.value.id != name:
            faults.append(fault_at(file, files[file], ("id",), f"the file's name says {name!r}"))
        elif parsed.value is not None:
            found[name] = parsed.value
    if f"escalation_{DEFAULT}.toml" not in files:
        faults.append(Fault(f"escalation_{DEFAULT}.toml", 0, "is missing: it is for all other rules"))
    return found, tuple(faults)


def chosen(escalations: Mapping[str, Escalation], rule_id: str) -> Escalation:
    """Return a rule's escalation: of its own name (``bins_fire``), of its area (``bins``), else the default."""
    area = rule_id.partition(".")[0]
    return next(escalations[n] for n in (rule_id.replace(".", "_"), area, DEFAULT) if n in escalations)


def shipped_choice() -> partial[Escalation]:
    """Return the function from a rule's id to its escalation in the shipped catalogue.

    Raises:
        ConfigurationError: a file is wrong.
    """
    return partial(chosen, load_escalations())
