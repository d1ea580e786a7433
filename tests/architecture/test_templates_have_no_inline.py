"""No template has a script, a style or a handler in it: the content policy has no exception, so that it would not work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ops_api.web.headers import POLICY
from tests.fakes.markup import inline_of

TEMPLATES = Path(__file__).parents[2] / "ops_api" / "web" / "templates"

_JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
"""Is no markup; what it puts in is looked at where pages are served (test_headers_everywhere)."""


def test_no_template_has_anything_inline() -> None:
    pages = sorted(TEMPLATES.rglob("*.html"))
    assert len(pages) > 100
    assert {p.name: found for p in pages if (found := inline_of(_JINJA.sub("", p.read_text("utf-8"))))} == {}


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<p style='color:red'>",
        "<style>p{}</style>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>",
        "<svg onload='x()'>",
        "<script src='https://cdn.example/x.js'></script>",
        "<base href='//evil'>",
        "<iframe src='/x'></iframe>",
    ],
)
def test_the_parser_finds_it(html: str) -> None:
    assert inline_of(html)


def test_the_policy_allows_nothing_inline_and_no_other_host() -> None:
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "*" not in POLICY
    assert "default-src 'none'" in POLICY
    assert inline_of('<script src="/static/live.js" defer></script><p class="on">on</p>') == []
