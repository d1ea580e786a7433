"""Every rule has a short name on the rules page."""

from __future__ import annotations

import tomllib

import pytest

from ops_api.web.rules_view import _name
from rules.catalogue.loader import SHIPPED

BINS = sorted(
    rule["id"]
    for rule in (tomllib.loads(p.read_text(encoding="utf-8")) for p in SHIPPED.glob("bins_*.toml"))
    if "id" in rule
)


@pytest.mark.parametrize("rule_id", BINS)
def test_a_rule_of_bins_has_a_name(rule_id: str) -> None:
    assert _name(rule_id)


def test_there_are_rules_of_bins() -> None:
    assert "bins.overflow" in BINS
