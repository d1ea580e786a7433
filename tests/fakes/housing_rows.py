"""Homes of the seeded town that share with the housing team, with findings and cases of the council's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import httpx
from psycopg.types.json import Jsonb

from tests.fakes.website import OWN, PLAIN, TEAM_PASSWORD, Site

OFFICER, PURPOSE = "Amira Khan", "Visits this week"


def last_monday(weeks: int = 0) -> date:
    """The Monday of this week, or of one so many weeks ago."""
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday() + 7 * weeks)


async def home_id(site: Site, code: str) -> int:
    """Return a home's number."""
    return int((await site.sql("select home_id from home where code = %s", code))[0][0])


async def shares(site: Site, code: str, *, days_ago: int = 60) -> int:
    """Have a home's resident turn the council's switch on, as if so many days ago; return the home's number."""
    async with httpx.AsyncClient(verify=PLAIN, base_url=site.url, timeout=10, headers=OWN) as resident:
        joined = await resident.post("/join", data={"code": code, "name": "Sam"})
        assert joined.status_code == 303, joined.text[:300]
        switched = await resident.post(f"/home/{code}/sharing/council", data={"on": "true"})
        assert switched.status_code == 303, switched.text[:300]
    number = await home_id(site, code)
    ago = timedelta(days=days_ago)
    await site.sql(
        "update consent set from_at = now() - %s, given_at = now() - %s where home_id = %s", ago, ago, number
    )
    return number


async def finding(
    site: Site, number: int, weeks_ago: int, risk: str, cause: str | None = "ventilation", *, days: int = 28
) -> None:
    """Write a week's finding of a home, as of its Sunday or the day before yesterday."""
    week = last_monday(weeks_ago)
    to_day = min(week + timedelta(days=6), datetime.now(UTC).date() - timedelta(days=2))
    evidence = {
        "days": days,
        "from_day": (to_day - timedelta(days=days - 1)).isoformat(),
        "completeness": 0.83,
        "flag_days": {"drifts_from_sister": 2},
        "also": ["heat"],
        "not_enough": None if cause else "Only 3 whole days are known.",
        "secret": "18.4 degrees",
    }
    await site.sql(
        "insert into damp_finding (home_id, week, to_day, device_id, cause, confidence, risk, mould_index, evidence, advice,"
        " iso, standard, monthly, rules) select %s, %s, %s, device_id, %s, %s, %s, 1.25, %s, '{}', '{}', '{}', '{}', 'x'"
        " from home_device where home_id = %s limit 1",
        number, week, to_day, cause, None if cause is None else 0.85, risk, Jsonb(evidence), number,
    )  # fmt: skip


async def case(site: Site, number: int, *, aware_days_ago: float, council_owned: bool = True) -> int:
    """Open a case whose landlord became aware so many days ago; the resident wrote that down. Return its number."""
    [(case_id,)] = await site.sql(
        "insert into housing_case (home_id, kind, council_owned, opened_at, opened_by)"
        " values (%s, 'significant', %s, now() - interval '60 days', 'desk') returning case_id",
        number, council_owned,
    )  # fmt: skip
    await site.sql(
        "insert into case_event (case_id, kind, at, note, by, recorded_at)"
        " values (%s, 'aware', now() - %s, 'My own words', 'resident', now())",
        case_id, timedelta(days=aware_days_ago),
    )  # fmt: skip
    return int(case_id)


async def officer(site: Site) -> httpx.AsyncClient:
    """Return a browser whose user has given the team's password, and said who looks and why."""
    client = httpx.AsyncClient(verify=PLAIN, base_url=site.url, timeout=10, headers=OWN)
    said = await client.post(
        "/housing/who", data={"by": OFFICER, "purpose": PURPOSE, "password": TEAM_PASSWORD}
    )
    assert said.status_code == 303, said.text[:300]
    return client


def program(who: str, purpose: str) -> dict[str, str]:
    """Return the headers of a program of the team's."""
    return {
        "Authorization": f"Bearer {TEAM_PASSWORD}", "X-Cityops-Who": who, "X-Cityops-Purpose": purpose,
    }  # fmt: skip


async def ward_homes(site: Site, ward: str, homes: int, at_risk: int) -> None:
    """Put so many homes into a ward, each with a finding of this week."""
    await site.sql(
        "insert into device (name, kind, shard, installed_at) values ('frog-ward', 'frog', 0, now() - interval '1 year')"
        " on conflict do nothing"
    )
    await site.sql(
        "with h as (insert into home (code, label, ward_id) select %s || '-w-' || n, 'Ward home', %s"
        "             from generate_series(1, %s) n returning home_id, code)"
        " insert into damp_finding (home_id, week, to_day, device_id, risk, evidence, advice, iso, standard, monthly, rules)"
        " select home_id, %s, %s, (select device_id from device where name = 'frog-ward'),"
        "        case when split_part(code, '-w-', 2)::int <= %s then 'raised' else 'low' end, '{}', '{}', '{}', '{}', '{}', 'x'"
        "   from h",
        ward, ward, homes, last_monday(), last_monday(), at_risk,
    )  # fmt: skip
