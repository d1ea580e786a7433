"""Whether what a board refers to exists: data sources, variables, boards, web pages, queries of layers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dashboards.names import DATASOURCE_TYPE, DATASOURCE_UID

Problem = tuple[str, str]
Pages = Mapping[str, Collection[str]]
"""Paths of the web pages, and the parameters that each takes after ``?``."""

KNOWN_SOURCES = {DATASOURCE_UID: DATASOURCE_TYPE, "__expr__": "__expr__", "-- Grafana --": "datasource"}
"""Types by uid: ours, and what every Grafana has by itself (expressions; its own annotations)."""
_USE = re.compile(r"\$(?:\{(\w+)(?:[.:][^}]*)?\}|(\w+)|\[\[(\w+)\]\])")
_WEB = re.compile(r"\$\{web\}(/[^?#\s]*)(?:\?([^#\s]*))?")
_BOARD = re.compile(r"(?:^|[^\w{}])/d/([\w-]+)")


def references(
    board: Mapping[str, Any], *, boards: Collection[str], pages: Pages | None
) -> Iterator[Problem]:
    """Yield (where, what) for everything that a board refers to and that is not there."""
    yield from _sources(board)
    yield from _variables(board)
    yield from _links(board, boards, pages)
    yield from _layers(board)


def texts(node: Any) -> Iterator[str]:
    """Yield every text in a document."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def _sources(node: Any, path: str = "") -> Iterator[Problem]:
    if isinstance(node, Mapping):
        source = node.get("datasource")
        if isinstance(source, Mapping):
            uid = source.get("uid")
            if uid not in KNOWN_SOURCES:
                yield path, f"data source {uid!r} is not known; known: {', '.join(KNOWN_SOURCES)}"
            elif source.get("type") not in {KNOWN_SOURCES[uid], None}:
                yield path, f"data source {uid!r} is a {KNOWN_SOURCES[uid]}, not a {source.get('type')}"
        for key, value in node.items():
            yield from _sources(value, f"{path}/{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            name = f"/{value.get('id', i)} {value.get('title', '')}" if isinstance(value, Mapping) else ""
            yield from _sources(value, name or f"{path}/{i}")


def _variables(board: Mapping[str, Any]) -> Iterator[Problem]:
    variables = (board.get("templating") or {}).get("list") or []
    names = [str(variable.get("name")) for variable in variables]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        yield f"/${twice}", "is defined twice"
    used: set[str] = set()
    for key, value in board.items():
        if key == "templating":
            continue
        for where, text in ((f"/{key}", text) for text in texts(value)):
            here = variables_in(text)
            used |= here
            for name in sorted(here - set(names)):
                yield where, f"${name} is used and not defined"
    for variable in variables:
        for text in texts(variable.get("query")):
            inside = variables_in(text)
            used |= inside
            for name in sorted(inside - set(names)):
                yield f"/${variable.get('name')}", f"${name} is used and not defined"
    for name in sorted(set(names) - used):
        yield f"/${name}", "is defined and not used"


def variables_in(text: str) -> set[str]:
    """Return the names of a board's variables in a text; Grafana's own begin with two underscores."""
    found = {next(name for name in match if name) for match in _USE.findall(text)}
    return {name for name in found if not name.startswith("__") and not name.isdigit()}


def _links(board: Mapping[str, Any], boards: Collection[str], pages: Pages | None) -> Iterator[Problem]:
    tags = set(board.get("tags") or ())
    for link in board.get("links") or ():
        where = f"/link {link.get('title')!r}"
        if link.get("type") == "dashboards" and not set(link.get("tags") or ()) <= tags:
            yield where, f"lists boards with the tags {link.get('tags')}, which this board has not"
        if link.get("type") == "link" and not link.get("url"):
            yield where, "leads nowhere"
    for text in texts(board):
        for uid in _BOARD.findall(text):
            if uid not in boards and not uid.startswith("__"):
                yield "/link", f"leads to the board {uid!r}, which is not there"
        if pages is not None:
            yield from _web_links(text, pages)


def _web_links(text: str, pages: Pages) -> Iterator[Problem]:
    for path, asked in _WEB.findall(text):
        page = page_of(path, pages)
        if page is None:
            yield "/link", f"leads to the page {path}, which is not there"
            continue
        for name in sorted({part.partition("=")[0] for part in asked.split("&") if part} - set(pages[page])):
            yield "/link", f"asks the page {path} for {name!r}, which it does not take"


def page_of(path: str, pages: Collection[str]) -> str | None:
    """Return the page of a path; parts such as ``{route_id}`` of a page and variables of a link fit anything."""
    wanted = path.rstrip("/").split("/")
    for page in pages:
        parts = page.rstrip("/").split("/")
        same = (w == p or p.startswith("{") or "${" in w for w, p in zip(wanted, parts, strict=False))
        if len(parts) == len(wanted) and all(same):
            return page
    return None


def _layers(board: Mapping[str, Any]) -> Iterator[Problem]:
    for panel in board.get("panels") or ():
        letters = {target.get("refId") for target in panel.get("targets") or ()}
        for layer in (panel.get("options") or {}).get("layers") or ():
            wanted = (layer.get("filterData") or {}).get("options")
            if wanted is not None and wanted not in letters:
                yield (
                    f"/{panel.get('id')} {panel.get('title')}",
                    f"layer {layer.get('name')!r} reads query {wanted!r}",
                )
