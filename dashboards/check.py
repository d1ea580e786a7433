"""What can be wrong with boards, found without a Grafana: schemas, the grid, ids, what they refer to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError
from dashboards.check_refs import Pages, references
from dashboards.names import BOARDS, GRID_COLUMNS

Board = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: where (file, panel), which check found it, and what."""

    where: str
    check: str
    what: str


def read_boards(folder: Path = BOARDS) -> dict[str, Board]:
    """Return every board of a folder by its file's name, without ``.json``.

    Raises:
        ConfigurationError: the folder has none, or a file is no JSON object.
    """
    boards: dict[str, Board] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            boards[path.stem] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ConfigurationError(f"{path}: no JSON: {error}") from error
        if not isinstance(boards[path.stem], dict):
            raise ConfigurationError(f"{path}: not a board but a {type(boards[path.stem]).__name__}")
    if not boards:
        raise ConfigurationError(f"{folder} has no boards; `cityops grafana build` writes them")
    return boards


def check_boards(
    boards: Mapping[str, Board],
    *,
    schemas: Callable[[Board], Iterator[tuple[str, str]]],
    pages: Pages | None,
) -> list[Finding]:
    """Return everything that is wrong with the boards, without asking a database.

    Args:
        boards: by file name.
        schemas: finds where a board breaks Grafana's schemas (:mod:`dashboards.check_schema`).
        pages: the web pages that links may lead to; None: not known, not checked.
    """
    uids = {str(board.get("uid")): name for name, board in boards.items()}
    found: list[Finding] = []
    for name, board in boards.items():
        parts = {
            "schema": schemas(board),
            "grid": _grid(board),
            "ids": _ids(name, board, uids),
            "references": references(board, boards=uids, pages=pages),
        }
        for check, problems in parts.items():
            found += [Finding(f"{name}{where}", check, what) for where, what in problems]
    return found


def panels_of(board: Board) -> list[dict[str, Any]]:
    """Return every panel, those inside folded rows too."""
    flat: list[dict[str, Any]] = []
    for panel in board.get("panels") or ():
        flat.append(panel)
        flat += panel.get("panels") or ()
    return flat


def label(panel: Mapping[str, Any]) -> str:
    """Return where a panel is, for a message: ``/3 Last stored``."""
    return f"/{panel.get('id')} {panel.get('title') or panel.get('type')}"


def _grid(board: Board) -> Iterator[tuple[str, str]]:
    placed = []
    for panel in panels_of(board):
        place = panel.get("gridPos")
        if not isinstance(place, dict) or not {"x", "y", "w", "h"} <= place.keys():
            yield label(panel), "has no place on the grid"
            continue
        x, w, h = place["x"], place["w"], place["h"]
        if x < 0 or place["y"] < 0 or w < 1 or h < 1 or x + w > GRID_COLUMNS:
            yield label(panel), f"x={x} w={w} h={h} is not on the grid of {GRID_COLUMNS} columns"
        placed.append((panel, place))
    for (one, a), (two, b) in combinations(placed, 2):
        if _overlap(a, b):
            yield label(one), f"lies over {label(two).lstrip('/')}"


def _overlap(a: Mapping[str, int], b: Mapping[str, int]) -> bool:
    beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
    above = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
    return not beside and not above


def _ids(name: str, board: Board, uids: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    uid = board.get("uid")
    if uid != name:
        yield "", f"uid {uid!r} is not the file's name"
    if uids.get(str(uid)) != name:
        yield "", f"uid {uid!r} is also that of {uids[str(uid)]}"
    seen: dict[Any, str] = {}
    for panel in panels_of(board):
        number = panel.get("id")
        if not isinstance(number, int) or number < 1:
            yield label(panel), f"id {number!r} is no number from 1"
        elif number in seen:
            yield label(panel), f"has the id of {seen[number]}"
        seen.setdefault(number, label(panel).lstrip("/"))
        letters = [target.get("refId") for target in panel.get("targets") or ()]
        if len(letters) != len(set(letters)):
            yield label(panel), f"two queries of one letter: {', '.join(map(str, letters))}"
