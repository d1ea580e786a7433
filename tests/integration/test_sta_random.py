"""Requests put together by chance: each is answered, or refused in words; nothing else comes of any."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import pytest

from ops_api.sensorthings.core.errors import FilterError, PathError
from ops_api.sensorthings.core.schema import ENTITIES, SETS, Entity
from tests.fakes import examples
from tests.fakes.sta_cases import FOUND, ORDERED
from tests.fakes.sta_rows import BASE, fill, serving

IDS = (0, 1, 2, 5, 8_589_934_592 + 3_283_113_600, 2**53 - 1)
ENDS = ("/$ref", "/$count", "/$value", "/name", "/name/$value", "/properties/kind")


def address(by: random.Random) -> tuple[str, Entity]:
    """Return an address of some steps, and what it may be of."""
    entity = by.choice(list(ENTITIES.values()))
    path = f"/{entity.set}"
    for _ in range(by.randrange(4)):
        if path.rpartition("/")[2] in SETS:
            if by.random() < 0.3:
                break
            path += f"({by.choice(IDS)})"
        way = by.choice(list(entity.ways.values()))
        path, entity = f"{path}/{way.name}", ENTITIES[way.to]
    return path + (by.choice(ENDS) if by.random() < 0.15 else ""), entity


def options(by: random.Random, entity: Entity, deep: int = 2) -> list[tuple[str, str]]:
    """Return options that mean something for an entity."""
    found = []
    for name, values, chance in (
        ("$filter", [text for of, text, _ in FOUND if of == entity.name], 0.5),
        ("$orderby", [text for of, text, _ in ORDERED if of == entity.name and text], 0.4),
        ("$top", ["0", "1", "5"], 0.5),
        ("$skip", ["0", "1", "20"], 0.2),
        ("$count", ["true"], 0.3),
        ("$select", [*entity.properties, *entity.ways], 0.2),
    ):
        if values and by.random() < chance:
            found.append((name, by.choice(values)))
    if deep and by.random() < 0.5:
        way = by.choice(list(entity.ways.values()))
        inner = ";".join(f"{name}={value}" for name, value in options(by, ENTITIES[way.to], deep - 1))
        found.append(("$expand", f"{way.name}({inner})" if inner else way.name))
    return found


async def asked(sta_dsn: str, requests: Sequence[tuple[str, list[tuple[str, str]]]]) -> int:
    answered = 0
    async with serving(sta_dsn) as sta:
        for path, query in requests:
            try:
                answer = await sta.answer(sta.path(path), query, BASE + path, BASE)
            except (FilterError, PathError):
                continue
            if isinstance(answer, bytes):
                msgspec.json.decode(answer)
            answered += 1
    return answered


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_request_is_answered_or_refused_in_words(db_dsn: str, seed: int) -> None:
    await fill(db_dsn, devices=2, readings=20)
    by = random.Random(seed)
    requests = []
    for _ in range(examples.of(60)):
        path, entity = address(by)
        requests.append((path, options(by, entity)))
    assert await asked(db_dsn, requests) > len(requests) // 5
