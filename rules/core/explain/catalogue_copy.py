"""The catalogue as it was stored: thresholds with their sources, also those of an older software."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.core.effects import Json
from rules.core.explain.model import Limit
from rules.core.explain.words import Clock


@dataclass(frozen=True, slots=True)
class RuleCopy:
    """A rule or matrix: its figures by path, such as ``parameters.dwell.raise_after_s``."""

    id: str
    version: int
    source: str
    figures: Mapping[str, Any]
    sources: Mapping[str, str]

    def figure(self, paths: Sequence[str]) -> tuple[str, Any] | None:
        """Return the first of ``paths`` that is there, and its value."""
        return next(((p, self.figures[p]) for p in paths if p in self.figures), None)

    def source_of(self, path: str) -> str:
        """Return where a figure comes from: its own source, else the rule's."""
        return self.sources.get(path, self.sources.get(path.removeprefix("parameters."), self.source))


CatalogueCopy = Mapping[str, RuleCopy]
"""Rules by id."""


def catalogue_copy(files: Mapping[str, str]) -> CatalogueCopy:
    """Return the rules in TOML files (name → text); what is no rule is left out.

    Raises:
        ValueError: a file is no TOML.
    """
    found = (tomllib.loads(text) for name, text in sorted(files.items()) if name.endswith(".toml"))
    return {
        raw["id"]: RuleCopy(
            id=raw["id"],
            version=int(raw.get("version", 0)),
            source=str(raw.get("source", "not recorded")),
            figures=dict(_figures(raw)),
            sources={k: str(v) for k, v in raw.get("sources", {}).items()},
        )
        for raw in found
        if isinstance(raw.get("id"), str)
    }


def _figures(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Return every figure below a value with its path."""
    if isinstance(value, Mapping):
        items = ((str(k), v) for k, v in value.items() if path or k not in ("sources", "rows"))
    elif isinstance(value, list):
        items = ((str(i), v) for i, v in enumerate(value))
    else:
        return [(path, value)]
    return [found for key, v in items for found in _figures(v, f"{path}.{key}" if path else key)]


@dataclass(frozen=True, slots=True)
class Figures:
    """Looks a threshold up: in an override, in what was stored with the case, in the catalogue.

    Attributes:
        catalogue: the copy that was used.
        rule_id: whose thresholds.
        overrides: rows of ``rule_override`` that held then for this subject.
        clock: says until when.
    """

    catalogue: CatalogueCopy
    rule_id: str
    overrides: Sequence[Json]
    clock: Clock

    def limit(
        self,
        name: str,
        value: str,
        paths: Sequence[str],
        rule_id: str | None = None,
        source: str | None = None,
    ) -> Limit:
        """Return a threshold as shown, with its source, and who set it where somebody did."""
        rule = self.catalogue.get(rule_id or self.rule_id)
        found = None if rule is None else rule.figure(paths)
        by = next((o for o in self.overrides if o["path"] in paths), None)
        if by is not None:
            why = f"set for this case by {by['author']}: {by['reason']}"
            return Limit(
                name=name,
                value=value,
                source=why,
                set_by=str(by["author"]),
                until=self.clock.at(by["expires_at"]),
            )
        if source is None:
            source = "not in the catalogue" if rule is None else rule.source
            if rule is not None and found is not None:
                source = rule.source_of(found[0])
            if rule is not None:
                source = f"{source} ({rule.id} v{rule.version})"
        return Limit(name=name, value=value, source=source)

    def value(self, paths: Sequence[str], rule_id: str | None = None) -> Any:
        """Return a figure of the catalogue, an override's value before it; None where there is none."""
        by = next((o for o in self.overrides if o["path"] in paths), None)
        if by is not None:
            return by["value"]
        rule = self.catalogue.get(rule_id or self.rule_id)
        found = None if rule is None else rule.figure(paths)
        return None if found is None else found[1]
