"""Expressions of PromQL, read as Prometheus reads them."""

from __future__ import annotations

from typing import Any

import promql_parser


def metrics(expression: str) -> set[str]:
    """Return the names of the metrics that an expression of PromQL reads."""
    found: set[str] = set()

    def look(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector) and node.name:
            found.add(node.name)
        return True

    promql_parser.walk(promql_parser.parse(expression), look)
    return found
