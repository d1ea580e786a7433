"""The chains of people in the catalogue: ``escalation_<id>.toml``, and which one a rule's alarms take."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from cityops.errors import ConfigurationError
from rules.catalogue.loader import SHIPPED, read
from rules.core.alarm_spec import Escalation

DEFAULT = "default"


def load_escalations(folder: Path = SHIPPED) -> dict[str, Escalation]:
    """Return the escalations in ``folder`` by id.

    Raises:
        ConfigurationError: a file is no TOML, a field is unknown, missing or out of its limits,
            an id does not fit its file's name, or there is no ``escalation_default.toml``.
    """
    found = {}
    for path in sorted(folder.glob("escalation_*.toml")):
        escalation: Escalation = read(path, Escalation)
        name = path.stem.removeprefix("escalation_")
        if escalation.id != name:
            raise ConfigurationError(f"{path}: id = {escalation.id!r}: the file's name says {name!r}")
        found[name] = escalation
    if DEFAULT not in found:
        raise ConfigurationError(
            f"{folder / 'escalation_default.toml'} is missing: it is for all other rules"
        )
    return found


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
