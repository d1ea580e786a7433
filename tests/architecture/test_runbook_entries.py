"""Every alarm of the platform itself has an entry in docs/runbook.md, and its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.fakes.commands import must_be_a_command

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
FOLDERS = ("deploy", "dashboards", "ops_api", "cityops", "rules", "ingest", "docs")
TEXT = {".py", ".yml", ".yaml", ".json", ".toml", ".md", ".html"}
ASKED = re.compile(r"(?:runbook\.md|RUNBOOK_URL\}|RUNBOOK\})#([a-z0-9-]+)")
PROMETHEUS = re.compile(r"^\s*-\s+alert:\s*(\w+)", re.MULTILINE)
PLATFORM = re.compile(r'^id = "(platform\.\w+)"', re.MULTILINE)
PARTS = ("**Means**", "**Others see**", "**Look**", "**Mend**", "**Call**")


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page, flags=re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)"></a>', page))


def files() -> list[Path]:
    found = [p for f in FOLDERS for p in (ROOT / f).rglob("*") if p.suffix in TEXT and p.is_file()]
    assert len(found) > 100
    return found


def texts() -> dict[str, str]:
    return {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8") for p in files()}


def names() -> dict[str, str]:
    """The names of alarms with the file that has them."""
    found: dict[str, str] = {}
    for path, text in texts().items():
        if path.startswith("deploy/"):
            found |= dict.fromkeys(PROMETHEUS.findall(text), path)
        if path == "dashboards/alerts.toml":
            found |= dict.fromkeys(tomllib.loads(text), path)
        if path.startswith("rules/catalogue/"):
            found |= dict.fromkeys(PLATFORM.findall(text), path)
    return found


def entries() -> dict[str, str]:
    part = PAGE.split("## Alarms of the platform", 1)[1].split("\n## ", 1)[0]
    return {text.split("\n", 1)[0]: text for text in part.split("\n### ")[1:]}


def test_every_alarm_is_in_the_table() -> None:
    known = names()
    assert {"platform.no_readings", "platform.rules_behind", "platform.rota_empty"} <= set(known)
    assert {n: p for n, p in known.items() if f"`{n}`" not in PAGE} == {}


def test_grafanas_names_are_anchors() -> None:
    named = [n for n, p in names().items() if p == "dashboards/alerts.toml"]
    assert [n for n in named if n not in anchors(PAGE)] == []


def test_every_anchor_that_is_asked_for_is_there() -> None:
    asked = {(path, a) for path, text in texts().items() for a in ASKED.findall(text)}
    asked |= {("docs/runbook.md", a) for a in re.findall(r"\]\(#([a-z0-9-]+)\)", PAGE)}
    assert len(asked) > 20
    assert sorted((p, a) for p, a in asked if a not in anchors(PAGE)) == []


@pytest.mark.parametrize("name", entries())
def test_an_entry_says_everything(name: str) -> None:
    assert [part for part in PARTS if part not in entries()[name]] == []


@pytest.mark.parametrize("page", ["runbook.md", "operating.md"])
def test_what_it_tells_to_run_is_a_command(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    told = {" ".join(words.split()) for words in re.findall(r"`cityops ([^`]+)`", text)}
    assert len(told) > 5
    for words in told:
        must_be_a_command(shlex.split(words))


def test_the_metrics_that_it_names_are_made() -> None:
    code = "\n".join(t for p, t in texts().items() if p.endswith(".py"))
    made = {n.removesuffix("_total") for n in re.findall(r"\"(cityops_\w+)\"", code)}
    made |= {f"cityops_ingest_{n}" for n in re.findall(r"f\"\{name\}(\w+)\"", code)}
    asked = {n.removesuffix("_total") for n in re.findall(r"`(cityops_[a-z_]+?)(?:\{[a-z,]+\})?`", PAGE)}
    elsewhere = {
        "cityops_certificate_not_after_timestamp_seconds"
    }  # by the health pages of a broker with TLS
    assert len(asked) > 15
    assert asked - made - elsewhere == set()
