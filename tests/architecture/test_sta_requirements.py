"""What the SensorThings service says it keeps is in its page, each with a test that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from ops_api.sensorthings.root import CONFORMANCE, root

ROOT = Path(__file__).parents[2]
REQ = "http://www.opengis.net/spec/iot_sensing/1.1/req/"


def held() -> dict[str, str]:
    """Return the test of each requirement, as the page has them."""
    text = (ROOT / "docs" / "sensorthings.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([a-z/-]+)` \| `(test_sta_\w+\.py::test_\w+)` \|$", text, re.MULTILINE))


def test_whatever_is_claimed_is_in_the_page_and_nothing_else() -> None:
    claimed = {uri.removeprefix(REQ) for uri in CONFORMANCE}
    assert claimed == held().keys()
    assert len(claimed) > 40
    assert root("http://sta.example", "mqtt://x")["serverSettings"]["conformance"] == list(CONFORMANCE)


def test_each_names_a_test_that_there_is() -> None:
    for requirement, test in held().items():
        file, name = test.split("::")
        tree = ast.parse((ROOT / "tests" / "integration" / file).read_text(encoding="utf-8"))
        names = {
            node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
        assert name in names, (requirement, test)
