"""Where weaknesses are reported, as an installation that has set it tells (RFC 9116)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from devices.registry import Registry
from tests.fakes import website


async def test_contact_policy_and_the_last_day_of_updates_are_told(db_dsn: str) -> None:
    told = {"contact": "mailto:security@city.example", "support_until": "2031-03-31"}
    async with website.running(
        db_dsn, Registry(name="x"), datetime.now(UTC), provisioning=told, public_url="https://city.example"
    ) as site:
        answer = await site.http.get("/.well-known/security.txt")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        lines = dict(line.split(": ", 1) for line in answer.text.splitlines())
        assert lines["Contact"] == "mailto:security@city.example"
        assert lines["Policy"] == "https://city.example/security"
        assert lines["Canonical"] == "https://city.example/.well-known/security.txt"
        left = datetime.fromisoformat(lines["Expires"]) - datetime.now(UTC)
        assert timedelta(days=100) < left < timedelta(days=365)
        page = (await site.http.get("/security")).text
        for said in ("security@city.example", "2031-03-31", "5 working days", "20 working days"):
            assert said in page


@pytest.mark.parametrize("name", ["/.well-known/security.txt/", "/.well-known/../api/v1/identities"])
async def test_nothing_else_is_there(db_dsn: str, name: str) -> None:
    async with website.running(db_dsn, Registry(name="x"), datetime.now(UTC)) as site:
        assert (await site.http.get(name)).status_code in (401, 404, 307)
