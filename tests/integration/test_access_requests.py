"""What a request meets before its route: where it is led, how often it may come, what is written down of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI

from ops_api.access.audited import Audited
from ops_api.access.model import NOBODY, Role, Rule
from ops_api.access.rules import RULES
from ops_api.audit.core.model import Entry, Failure
from ops_api.audit.ports import AuditUnavailableError
from tests.fakes.locked_site import FULL_KEY, HOME, VALUES, WHO, ask, locked
from tests.fakes.principals import principal

CLOSE = "POST /api/v1/alarms/{alarm_id}/close"
WHOSE = principal("operations")
LETTERS = "GET /api/v1/dead-letters"


class MemoryAudit:
    """Keeps lines; ``away``: it cannot."""

    def __init__(self) -> None:
        self.lines: list[Entry] = []
        self.aside: list[Entry] = []
        self.failures: list[Failure] = []
        self.away = False

    async def add(self, entry: Entry) -> None:
        if self.away:
            raise AuditUnavailableError("away")
        self.lines.append(entry)

    def failed(self, failure: Failure) -> None:
        self.failures.append(failure)

    async def done(self, entry: Entry) -> None:
        (self.aside if self.away else self.lines).append(entry)


class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 1, 9, 5, tzinfo=UTC)


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
def app(audit: MemoryAudit) -> FastAPI:
    return locked(audit=audit)


async def test_what_is_done_and_what_is_refused_to_who_is_known_is_written_down(
    app: FastAPI, audit: MemoryAudit
) -> None:
    answer = await ask(app, CLOSE, WHO["gritter_crew"], "203.0.113.7")
    assert answer.status == 403
    [line] = audit.lines
    assert (line.actor_kind, line.actor_id, line.roles) == ("staff", "id-of-gritter_crew", "gritter_crew")
    assert (line.via, line.action, line.object, line.outcome) == ("rest", CLOSE, "alarm:1", "403")
    assert (line.source, line.request_id) == ("203.0.113.7", answer.headers["x-request-id"])


async def test_no_code_and_no_name_is_in_a_line_but_a_homes_number(app: FastAPI, audit: MemoryAudit) -> None:
    await ask(app, "POST /home/{code}/people/invite", WHO["resident"])
    [line] = audit.lines
    assert (line.actor_kind, line.actor_id, line.object) == ("resident", "r-1", "home:1")
    assert HOME not in str(line)
    assert "Sam" not in str(line)
    await ask(app, "POST /bin-day/reminder/{code}", {})
    assert [x.object for x in audit.lines[1:]] == []  # the database is away: nothing was done


async def test_strangers_cannot_fill_the_audit(app: FastAPI, audit: MemoryAudit) -> None:
    for route in (
        CLOSE,
        LETTERS,
        "POST /alarms/{alarm_id}/close",
        "GET /dead-letters",
        "POST /housing/who",
        "POST /winter/{route_id}/orders",
        "GET /housing",
    ):
        await ask(app, route, {})
    assert audit.lines == []


async def test_who_gave_a_teams_password_is_written_down_as_the_team(
    app: FastAPI, audit: MemoryAudit
) -> None:
    sent = {"authorization": "Bearer a password that nobody sends", "x-cityops-who": "Ada"}
    await ask(app, "POST /api/v1/incidents/{ref}/contain", sent)
    [line] = audit.lines
    assert (line.actor_kind, line.actor_id, line.object) == ("team", "ops", "ref:I1")
    assert "Ada" not in str(line)


async def test_a_look_that_cannot_be_written_down_is_refused_and_an_act_that_is_done_is_kept_aside(
    app: FastAPI, audit: MemoryAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RULES, "GET /api/v1/kinds", Rule(who="look", audit="look"))  # type: ignore[arg-type]
    seen = await ask(app, "GET /api/v1/kinds", WHO["waste"])
    assert (seen.status, b"frog" in seen.body) == (200, True)
    audit.away = True
    refused = await ask(app, "GET /api/v1/kinds", WHO["waste"])
    assert (refused.status, b"frog" in refused.body) == (503, False)
    assert refused.headers["retry-after"] == "60"
    assert "content-security-policy" in refused.headers
    acted = await ask(app, "POST /ops/bye", WHO["waste"])
    assert acted.status == 303
    assert [line.action for line in audit.aside] == ["POST /ops/bye"]


async def test_an_act_that_ends_in_a_fault_is_written_down(app: FastAPI, audit: MemoryAudit) -> None:
    """The answer of 500 is made outside of what writes lines down, and what was done by then is done."""

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        scope["state"] |= {"rule": RULES[CLOSE], "asker": WHOSE, "admitted": True}
        raise RuntimeError("after it was done")

    scope = {"type": "http", "method": "POST", "path": "/", "route": SimpleNamespace(path="/x"), "app": app}
    with pytest.raises(RuntimeError):
        await Audited(broken)(scope, None, None)  # type: ignore[arg-type]
    [line] = audit.lines
    assert (line.actor_id, line.action, line.outcome) == (WHOSE.id, "POST /x", "500")


async def test_a_parameter_cannot_blur_a_line(
    app: FastAPI, audit: MemoryAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(VALUES, "ref", "I1\x1fx\n")
    await ask(app, "POST /api/v1/incidents/{ref}/contain", WHO["operations"])
    assert [line.object for line in audit.lines] == ["ref:I1 x "]


@pytest.mark.parametrize(
    ("route", "sent", "location"),
    [
        ("GET /dead-letters", {}, "/sign-in?next=/dead-letters"),
        ("POST /alarms/{alarm_id}/close", {}, "/sign-in?next=/"),
        ("POST /alarms/{alarm_id}/close", {"referer": "http://city.test/alarms/1?x=y"}, "/sign-in?next=/alarms/1%3Fx%3Dy"),
        ("POST /alarms/{alarm_id}/close", {"referer": "http://evil.example/alarms"}, "/sign-in?next=/"),
        ("POST /alarms/{alarm_id}/close", {"referer": "http://city.test//evil.example"}, "/sign-in?next=/"),
    ],
)  # fmt: skip
async def test_who_must_sign_in_comes_back_to_where_they_were(
    app: FastAPI, route: str, sent: dict[str, str], location: str
) -> None:
    answer = await ask(app, route, sent)
    assert (answer.status, answer.headers["location"]) == (303, location)


async def test_what_weighs_more_asks_for_a_factor_again(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = app.state.context.front.identity
    identity.known["as-admin"] = replace(identity.known["as-admin"], signed_in_s=1.0)
    stale = Rule(who="roles", roles=frozenset({Role.ADMIN}), fresh_s=600)
    monkeypatch.setitem(RULES, "GET /api/v1/kinds", stale)  # type: ignore[arg-type]
    monkeypatch.setitem(RULES, "GET /api", replace(stale, page=True))  # type: ignore[arg-type]
    assert (await ask(app, "GET /api/v1/kinds", WHO["admin"])).status == 401
    page = await ask(app, "GET /api", WHO["admin"])
    assert (page.status, page.headers["location"]) == (303, "/sign-in?next=/api&again=1")


async def test_one_too_many_is_told_how_long_to_wait_and_others_are_not_kept_out(app: FastAPI) -> None:
    app.state.context = replace(app.state.context, clock=Still())
    statuses = [(await ask(app, "POST /ops/bye", {}, "198.51.100.1")).status for _ in range(61)]
    assert statuses == [303] * 60 + [429]
    late = await ask(app, "POST /ops/bye", {}, "198.51.100.1")
    assert int(late.headers["retry-after"]) >= 1
    assert (await ask(app, "POST /ops/bye", {}, "198.51.100.2")).status == 303
    assert (await ask(app, "GET /", {}, "198.51.100.1")).status == 200


async def test_a_key_for_reading_searches_for_itself_and_another_is_refused_as_none(app: FastAPI) -> None:
    app.state.context = replace(app.state.context, clock=Still())
    search, client = "GET /bin-day", "198.51.100.9"
    known = {"x-api-key": FULL_KEY}
    assert {(await ask(app, search, known, client)).status for _ in range(70)} == {200}
    assert [(await ask(app, search, {}, client)).status for _ in range(61)] == [200] * 60 + [429]
    assert (await ask(app, search, known, client)).status == 200
    assert (await ask(app, search, {"x-api-key": "cok_abcdefgh_none"}, client)).status == 401


async def test_who_is_known_and_refused_again_and_again_is_told_to_wait_and_makes_no_more_lines(
    app: FastAPI, audit: MemoryAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever has the code of a frog could fill the audit, and hold its lock, as fast as she can ask."""
    monkeypatch.setattr("ops_api.access.enforce.REFUSED_A_MINUTE", 5.0)
    app.state.context = replace(app.state.context, clock=Still())
    for who in ("resident", "bin_crew"):
        audit.lines.clear()
        statuses = [(await ask(app, LETTERS, WHO[who])).status for _ in range(7)]
        assert statuses[5:] == [429, 429], who
        assert len(audit.lines) == 5
    assert (await ask(app, LETTERS, WHO["waste"])).status == 403


async def test_a_key_that_is_not_good_is_told_so_and_its_cookie_does_not_help(app: FastAPI) -> None:
    answer = await ask(app, "GET /api/v1/alarms", {"x-api-key": "cok_gone", **WHO["operations"]})
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')


@pytest.mark.parametrize(
    ("client", "sent", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("10.0.3.4", {}, 200),
        ("8.8.8.8", {}, 404),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.1"}, 404),
        ("8.8.8.8", WHO[Role.SERVICE], 200),
        ("8.8.8.8", WHO[Role.OPEN_DATA], 404),
        ("8.8.8.8", WHO["operations"], 200),
        ("unknown", {}, 404),
    ],
)
async def test_metrics_are_for_who_is_near_or_has_a_key(
    app: FastAPI, client: str, sent: dict[str, str], status: int
) -> None:
    assert (await ask(app, "GET /metrics", sent, client)).status == status


async def test_head_is_as_get(app: FastAPI) -> None:
    from ops_api.access.enforce import rule_named

    assert rule_named("HEAD", "/api/v1/dead-letters") == RULES[LETTERS]
    assert rule_named("PUT", "/api/v1/dead-letters") is None


def test_nobody_has_nothing() -> None:
    assert (NOBODY.roles, NOBODY.scopes, NOBODY.homes, NOBODY.session_id) == (
        frozenset(),
        frozenset(),
        frozenset(),
        "",
    )
