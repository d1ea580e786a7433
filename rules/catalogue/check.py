"""Everything that can be said of a catalogue before it is used: errors, and what is odd."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any

import msgspec

from rules.catalogue.escalations import examine_escalations
from rules.catalogue.faults import Fault, parse_file
from rules.catalogue.incidents import FILE as INCIDENTS_FILE
from rules.catalogue.incidents import examine_grouping
from rules.catalogue.lines import line_of
from rules.catalogue.loader import FILES, Files, examine, read_matrix
from rules.catalogue.orders import FILE as ORDERS_FILE
from rules.catalogue.orders import examine_unanswered
from rules.catalogue.watches import WATCH_FILES, examine_watch
from rules.core.alarm_spec import Escalation
from rules.core.incidents.parameters import GroupingRule
from rules.core.matrix import TreatmentMatrix
from rules.core.parameters import Catalogue
from rules.core.winter_orders.unanswered import UnansweredRule

_FIELD_OF = {name: field for field, (name, _) in FILES.items()}
_DESKS: dict[str, Any] = {
    **dict(WATCH_FILES.values()),
    ORDERS_FILE: UnansweredRule,
    INCIDENTS_FILE: GroupingRule,
}
_WATCH = set(_DESKS)


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found; ``catalogue`` is None where there are errors."""

    catalogue: Catalogue | None
    errors: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def check(files: Files, live: Catalogue | None = None, desks: Files | None = None) -> Report:
    """Return every error and warning of a catalogue.

    Args:
        files: the catalogue.
        live: the one in use, to say where a rule was changed without a new version.
        desks: the files in use that only the desks read, likewise: of the watch, of the officer's and of escalations.
    """
    catalogue, errors = examine(files)
    errors = (*errors, *_errors_of_others(files))
    warnings = [w for name, text in files.items() for w in _names(name, text)]
    if live is not None:
        warnings += [w for name, text in files.items() for w in _versions(name, text, live)]
    if desks is not None:
        warnings += [
            w for name in sorted(files.keys() & desks.keys()) for w in _desks(name, files[name], desks[name])
        ]
    return Report(None if errors else catalogue, errors, tuple(warnings))


def _errors_of_others(files: Files) -> list[Fault]:
    """Check the files that the engine does not read: the desk's, and matrices that nobody names."""
    found = [*examine_escalations(files)[1], *examine_watch(files)[1]]
    found += examine_unanswered(files)[1] if ORDERS_FILE in files else ()
    found += examine_grouping(files)[1] if INCIDENTS_FILE in files else ()
    named = _raw(files.get("winter_gritting.toml", "")).get("parameters", {})
    used = f"matrix_{named.get('matrix')}.toml" if isinstance(named, dict) else ""
    for name in files:
        if name.startswith("matrix_") and name != used:
            found += read_matrix(files, name).faults
    return found


def _names(name: str, text: str) -> list[Fault]:
    """Say where a file's id does not fit its name, or no rule reads it."""
    if name not in {*_FIELD_OF, *_WATCH} and not name.startswith(("matrix_", "escalation_")):
        known = ", ".join(sorted({*_FIELD_OF, *_WATCH}))
        return [Fault(name, 1, f"no rule reads this file; files of rules: {known}")]
    if name.startswith("escalation_") or name in _WATCH:
        return []  # an error, told with the others
    found = _raw(text).get("id")
    stem = name.removesuffix(".toml").removeprefix("matrix_")
    if not isinstance(found, str) or found.replace(".", "_") == stem:
        return []
    return [Fault(name, line_of(text, ("id",)), f"id = {found!r}: does not fit the file's name")]


def _versions(name: str, text: str, live: Catalogue) -> list[Fault]:
    """Say where a rule differs from the live one but has its version."""
    before: Any = live.matrix if name == f"matrix_{live.matrix.id}.toml" else None
    kind: Any = TreatmentMatrix
    if name in _FIELD_OF:
        before, kind = getattr(live, _FIELD_OF[name]), FILES[_FIELD_OF[name]][1]
    return [] if before is None else _unraised(name, text, kind, before)


def _desks(name: str, text: str, live: str) -> list[Fault]:
    """Say the same of a file that only the desk reads."""
    kind: Any = Escalation if name.startswith("escalation_") else _DESKS.get(name)
    before = None if kind is None else parse_file(name, live, kind).value
    return [] if before is None else _unraised(name, text, kind, before)


def _unraised(name: str, text: str, kind: Any, before: Any) -> list[Fault]:
    now = parse_file(name, text, kind).value
    if now is None or now.version > before.version or _meaning(now) == _meaning(before):
        return []
    says = (
        f"version = {now.version}: parameters differ from the live catalogue's, "
        f"whose version is {before.version}; raise it"
    )
    return [Fault(name, line_of(text, ("version",)), says)]


def _meaning(rule: Any) -> Any:
    """Return what of a rule decides: all but words and version."""
    plain = msgspec.to_builtins(rule)
    return {k: v for k, v in plain.items() if k not in ("version", "owner", "reason", "source", "sources")}


def _raw(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
