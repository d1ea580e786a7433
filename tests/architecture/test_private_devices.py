"""Whether a device is a household's is asked of ``is_private`` alone: who is out of a home was in one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUERIES = sorted((ROOT / "ops_api" / "queries").rglob("*.sql")) + sorted(
    (ROOT / "ops_api" / "queries").rglob("*.py")
)
ROUTINES = [ROOT / "cityops" / "db" / "routines" / name for name in ("reader.sql", "health.sql")]
GUARD = re.compile(
    # Of a device, whether it is in any home: not which home it is in, nor which devices a known home has.
    r"exists\s*\(\s*select\b(?:(?!\bhome_id\b)[^()])*\bfrom\s+(?:public\.)?home_device\b"
    r"(?:(?!\bhome_id\b)(?:[^()]|\((?:[^()]|\([^()]*\))*\)))*\)"
    r"|left\s+join\s+(?:public\.)?home_device\s+\w+\s+using\s*\(device_id\)",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", [*QUERIES, *ROUTINES], ids=lambda p: p.name)
def test_no_query_asks_home_device_itself_whether_a_device_is_private(path: Path) -> None:
    assert [m[0] for m in GUARD.finditer(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "guard",
    [
        "not exists (select from home_device h where h.device_id = d.device_id)",
        "exists (\n select from home_device hd join device d using (device_id) where d.name = a.subject\n)",
        (
            "exists (\n select from home_device hd join device d using (device_id)\n"
            " where d.name = l.device or d.name = any (string_to_array(l.topic, '/'))\n)"
        ),
        "left join public.home_device h using (device_id)",
    ],
)
def test_what_was_there_before_would_be_found(guard: str) -> None:
    assert GUARD.search(guard)
