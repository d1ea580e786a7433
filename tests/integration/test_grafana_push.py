"""`cityops grafana push` against a Grafana made from Grafana 13.0's OpenAPI.

grafana-client runs in processes of its own, with the folder `.grafana` before the tests' environment: in there
it would replace urllib3 under everything else.
"""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.command_line import cityops
from tests.fakes.grafana_api.contract import find
from tests.fakes.grafana_api.server import TOKEN, FakeGrafana, State

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / ".grafana"
pytestmark = [
    pytest.mark.timeout(300),  # the first push waits for a process that imports everything
    pytest.mark.skipif(
        not (CLIENT / "grafana_client").is_dir(),
        reason="no grafana-client in .grafana: run `make test`, which puts it there",
    ),
]

GROUP = ("cityops", "cityops-platform")
DSN = "postgresql://grafana:s3cret-of-a-test@db:5432/cityops?sslmode=verify-full"


@pytest.fixture
def grafana() -> Iterator[FakeGrafana]:
    with FakeGrafana() as running:
        yield running
        assert running.violations == [], "asked or answered what Grafana's API does not have"


@pytest.fixture(scope="module")
def after_a_push() -> State:
    """What is in a Grafana after a first push of everything."""
    with FakeGrafana() as running:
        assert push(running.url, "--datasource", "postgresql", DB_DSN=DSN).returncode == 0
        assert running.violations == []
        return running.state


@pytest.fixture
def pushed(grafana: FakeGrafana, after_a_push: State) -> FakeGrafana:
    """A Grafana of the test's own that has been pushed to."""
    grafana.state = copy.deepcopy(after_a_push)
    return grafana


def push(url: str, *options: str, client: bool = True, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {"URL": url, "TOKEN": TOKEN, "ALERT_EMAIL": "ops@council.example"} | settings
    given = {f"CITYOPS_GRAFANA__{name}": value for name, value in env.items() if value}
    return cityops("grafana", "push", *options, library=str(CLIENT) if client else "", **given)


def done(result: subprocess.CompletedProcess[str]) -> dict[tuple[str, str], str]:
    assert result.returncode == 0, result.stderr
    return {(one["kind"], one["name"]): one["action"] for one in json.loads(result.stdout)["done"]}


def test_a_second_push_changes_nothing(grafana: FakeGrafana) -> None:
    looked = push(grafana.url, "--dry-run", "--json", "--datasource", "timescaledb", DB_DSN=DSN)
    assert set(done(looked).values()) == {"created"}
    assert grafana.asked == []

    first = push(
        grafana.url, "--json", "--datasource", "timescaledb", DB_DSN=DSN, WEB_URL="https://city.example/"
    )
    assert done(first) == done(looked)
    kept = copy.deepcopy(vars(grafana.state))
    asked = len(grafana.asked)

    second = push(
        grafana.url, "--json", "--datasource", "timescaledb", DB_DSN=DSN, WEB_URL="https://city.example/"
    )
    assert set(done(second).values()) == {"unchanged"}
    assert (len(grafana.asked), vars(grafana.state)) == (asked, kept)

    boards = sorted(path.stem for path in (ROOT / "dashboards" / "generated").glob("*.json"))
    assert sorted(grafana.state.boards) == boards
    web = [
        v
        for v in grafana.state.boards["cityops-city"]["dashboard"]["templating"]["list"]
        if v["name"] == "web"
    ]
    assert web[0]["current"]["value"] == "https://city.example"
    source = grafana.state.sources["cityops-db"]
    assert source["jsonData"]["timescaledb"] is True
    assert source["secureJsonData"] == {"password": "s3cret-of-a-test"}
    rules = grafana.state.groups[GROUP]["rules"]
    assert {rule["notification_settings"]["receiver"] for rule in rules} == {"cityops-operators"}
    assert all(rule["annotations"]["runbook_url"].startswith("docs/runbook.md#") for rule in rules)
    assert "s3cret" not in first.stdout + first.stderr
    assert TOKEN not in first.stdout + first.stderr


def test_what_others_did_stays_and_what_is_ours_comes_back(pushed: FakeGrafana) -> None:
    grafana, state = pushed, pushed.state
    state.folders["theirs"] = {"uid": "theirs", "title": "Theirs"}
    state.add_board("their-board", "theirs")
    state.add_board("cityops-gone", "cityops")
    state.add_board("guest", "cityops", tags=["theirs"])
    guest = {
        "uid": "guest-rule",
        "title": "Guest",
        "condition": "A",
        "data": [],
        "labels": {},
        "for": "1m",
        "orgID": 1,
    }
    guest |= {"execErrState": "OK", "noDataState": "OK", "folderUID": GROUP[0], "ruleGroup": GROUP[1]}
    old = {**guest, "uid": "cityops-old", "title": "Old", "labels": {"managed_by": "cityops"}}
    group = state.groups[GROUP]
    group["rules"] = [guest, old, *group["rules"]]
    state.points += [
        {"uid": "mine", "name": "Somebody", "type": "email", "settings": {"addresses": "a@example"}},
        {
            "uid": "cityops-operators-sms",
            "name": "cityops-operators",
            "type": "webhook",
            "settings": {"url": "x"},
        },
    ]
    state.boards["cityops-bins"]["dashboard"]["panels"][0]["title"] = "Edited by hand"
    next(r for r in group["rules"] if r["uid"] == "cityops-rules-lag")["labels"]["severity"] = "info"

    result = done(push(grafana.url, "--json"))
    changed = {name: action for name, action in result.items() if action != "unchanged"}
    assert changed == {
        ("board", "cityops-bins"): "updated",
        ("alert rules", "cityops-platform"): "updated",
        ("board", "cityops-gone"): "left over",
        ("alert rule", "cityops-old"): "left over",
        ("contact point", "cityops-operators-sms"): "left over",
    }
    assert "cityops-gone" in state.boards
    assert {"guest-rule", "cityops-old"} < {rule["uid"] for rule in state.groups[GROUP]["rules"]}

    grafana.asked.clear()
    removed = {
        name: action
        for name, action in done(push(grafana.url, "--prune", "--json")).items()
        if action != "unchanged"
    }
    assert set(removed.values()) == {"removed"}
    assert sorted(grafana.asked) == [
        "DELETE DeleteAlertRule cityops-old",
        "DELETE DeleteContactpoints cityops-operators-sms",
        "DELETE deleteDashboardByUID cityops-gone",
    ]
    assert {"their-board", "guest"} < set(state.boards)
    assert "guest-rule" in {rule["uid"] for rule in state.groups[GROUP]["rules"]}
    assert "mine" in {point["uid"] for point in state.points}


def test_a_webhook_is_told_instead_of_a_mail(grafana: FakeGrafana) -> None:
    hook = "https://chat.example/hook/secret-part"
    first = push(grafana.url, "--json", ALERT_EMAIL="", ALERT_WEBHOOK=hook)
    assert done(first)["contact point", "cityops-operators-webhook"] == "created"
    assert grafana.state.points[0]["settings"]["url"] == hook
    assert "secret-part" not in first.stdout + first.stderr
    second = done(push(grafana.url, "--json", ALERT_EMAIL="", ALERT_WEBHOOK=hook))
    assert second["contact point", "cityops-operators-webhook"] == "unchanged"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (("getFolderByUID", 401, 0.0), "does not take the token (401)"),
        (("createFolder", 403, 0.0), "the token may not make the folder cityops (403)"),
        (("postDashboard", 412, 0.0), "somebody else changed it while we pushed"),
        (("PutAlertRuleGroup", 400, 0.0), "Grafana refuses save the alert rules"),
        (("postDashboard", 503, 0.0), "Grafana failed (503)"),
        (("GetContactpoints", 200, 4.0), "did not answer within 1 s"),
        (("PostContactpoints", 418, 0.0), "Grafana failed (418)"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_fault_is_told_in_words(grafana: FakeGrafana, fault: tuple[str, int, float], words: str) -> None:
    grafana.fault = fault
    result = push(grafana.url, TIMEOUT_S="1" if fault[2] else "20")
    assert result.returncode == 1
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert TOKEN not in result.stdout + result.stderr


def test_a_version_saved_meanwhile_is_not_overwritten(pushed: FakeGrafana) -> None:
    grafana = pushed
    board = grafana.state.boards["cityops-bins"]["dashboard"]
    board["title"] = "Edited by hand"

    def meanwhile(operation: str) -> None:
        if operation == "postDashboard":
            board["version"] += 1

    grafana.state.before = meanwhile
    result = push(grafana.url)
    assert result.returncode == 1
    assert (
        "somebody else changed it while we pushed: could not save the board cityops-bins (412)"
        in result.stderr
    )
    assert grafana.state.boards["cityops-bins"]["dashboard"]["title"] == "Edited by hand"


@pytest.mark.parametrize("case", ["elsewhere", "from files", "rule elsewhere", "data source from files"])
def test_what_is_not_ours_is_refused(pushed: FakeGrafana, case: str) -> None:
    grafana, state, options = pushed, pushed.state, ["--datasource", "postgresql"]
    if case == "elsewhere":
        state.boards["cityops-city"]["meta"]["folderUid"] = "theirs"
    elif case == "from files":
        state.boards["cityops-city"]["meta"]["provisioned"] = True
        state.boards["cityops-city"]["dashboard"]["title"] = "Older"
    elif case == "rule elsewhere":
        state.groups[GROUP]["rules"][0]["folderUID"] = "theirs"
    else:
        state.sources["cityops-db"] |= {"readOnly": True, "url": "elsewhere:5432"}
    result = push(grafana.url, *options, DB_DSN=DSN)
    assert result.returncode == 1
    assert any(word in result.stderr for word in ("outside our folder", "outside ours", "provisioning file"))
    assert grafana.asked == []


def test_what_answers_is_no_grafana(grafana: FakeGrafana) -> None:
    result = push(f"{grafana.url}/wrong/path")
    assert result.returncode == 1
    assert "404" in result.stderr
    assert grafana.violations.pop() == "GET /wrong/path/api/health: 404"


def test_nobody_answers() -> None:
    result = push("http://127.0.0.1:9")
    assert result.returncode == 1
    assert "can't reach Grafana at http://127.0.0.1:9" in result.stderr


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"TOKEN": ""}, "no token for Grafana"),
        ({"ALERT_EMAIL": ""}, "nobody is told of the platform's alarms"),
        ({"URL": "http://admin:admin@grafana"}, "grafana.url"),
    ],
    ids=["no token", "nobody told", "password in the address"],
)
def test_a_missing_setting_is_named(settings: dict[str, str], words: str) -> None:
    url = settings.pop("URL", "http://127.0.0.1:9")
    result = push(url, **settings)
    assert result.returncode == 2
    assert words in result.stderr


def test_without_the_library_it_says_what_to_install() -> None:
    result = push("http://127.0.0.1:9", client=False)
    assert result.returncode == 2
    assert "install cityops[grafana]" in result.stderr


def test_the_tests_own_environment_keeps_its_urllib3() -> None:
    import urllib3

    assert not urllib3.__version__.startswith("2.25."), "urllib3-future has taken over"


def test_the_fake_has_grafanas_paths_and_no_others() -> None:
    assert not isinstance(find("GET", "/folders/cityops"), int)
    assert find("PUT", "/folders/cityops") == 405
    assert find("PUT", "/v1/provisioning/policies") == 404, "the policy tree is not ours to write"
    assert find("GET", "/datasources/1") == 404
