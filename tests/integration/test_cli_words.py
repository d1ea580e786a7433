"""The command line as people meet it: help with examples, errors in words, --debug anywhere."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from cityops.embedded.process import free_port
from ops_api.cli import app, main
from tests.fakes.command_line import cityops


def commands() -> list[tuple[str, ...]]:
    return [(), *_within(get_command(app))]


def _within(group: object, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the commands of a group, and of groups in it: a group itself has no examples."""
    for name, command in getattr(group, "commands", {}).items():
        inner = list(_within(command, (*before, name)))
        yield from inner or [(*before, name)]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_helps_with_examples(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process: starting Python for each shows nothing more than starting it once."""
    monkeypatch.setattr(sys, "argv", ["cityops", *command, "--help"])
    with pytest.raises(SystemExit) as done:
        main()
    assert not done.value.code
    assert_help(command, capsys.readouterr().out)


@pytest.mark.parametrize("words", [["--help"], ["--help", "rules"]])
def test_the_first_help_names_every_command(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["cityops", *words])
    with pytest.raises(SystemExit):
        main()
    said = {line.split()[0] for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert said >= {command[0] for command in commands() if command}


def test_a_command_that_is_not_there_is_told_and_the_nearest_named() -> None:
    done = cityops("rule", "check")
    assert done.returncode == 2
    assert "No such command 'rule'" in done.stderr
    assert "rules" in done.stderr


def test_help_of_a_process() -> None:
    words = [sys.executable, "-m", "ops_api", "demo", "--help"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert_help(("demo",), done.stdout)


def assert_help(command: tuple[str, ...], said: str) -> None:
    assert f"Usage: cityops {' '.join(command)}".strip() in said
    _, _, examples = said.partition("Examples:\n")
    assert "cityops" in examples
    assert max(map(len, said.splitlines())) <= 120


def test_help_costs_little_beside_what_its_library_does() -> None:
    smallest = "import typer\napp = typer.Typer()\n@app.command()\ndef one(): ...\napp(['--help'])"
    library = min(cpu_s(sys.executable, "-c", smallest) for _ in range(3))
    ours = min(cpu_s(sys.executable, "-m", "ops_api", "demo", "--help") for _ in range(3))
    assert ours < 2 * library


def cpu_s(*command: str) -> float:
    """CPU time of a command [s]: the machine may be busy."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before.ru_utime


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom ops_api.cli import main\nsys.argv = ['cityops', 'demo', '--help']\n"
        "try:\n    main()\nfinally:\n    print(sorted({'asyncio', 'psycopg', 'numpy', 'fastapi', 'rich'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_services_begin_without_what_only_their_planners_need() -> None:
    heavy = "{'numba', 'scipy.sparse', 'scipy.optimize', 'scipy.stats'}"
    code = (
        "import sys\nimport ops_api.wiring_api, ops_api.wiring_ingest, ops_api.demo.run\nassert 'scipy' not in sys.modules\n"
        f"import ops_api.wiring_rules, ops_api.wiring_notify\nprint(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--debug", "db", "status"),
        ("db", "--debug", "status"),
        ("db", "status", "--debug"),
        ("db", "status", "--json", "--debug"),
    ],
)
def test_debug_may_stand_anywhere(words: tuple[str, ...], tmp_path: Path) -> None:
    done = cityops(*words, CITYOPS_DATA_DIR=str(tmp_path))
    assert "Traceback" in done.stderr
    assert "no database: set CITYOPS_DB__DSN" in done.stderr


@pytest.mark.parametrize(
    ("words", "environment", "code", "said"),
    [
        (("db", "status"), {"CITYOPS_DB__DSN": "host=h password=se cret-1"}, 2, "is no connection string"),
        (("api",), {"CITYOPS_DB__DSN": "postgresql://u:cret-1@h:5432/x?foo=1"}, 2, "is no connection string"),
        (("kinds",), {"CITYOPS_KINDS_DIR": "/nowhere"}, 2, "kinds_dir /nowhere: no such folder"),
        (("demo", "--data-dir", "/dev/null/x"), {}, 2, "can't be made"),
        (("demo", "--port", "70000"), {}, 2, "--port"),
        (("kinds", "--markdown", "/nowhere/k.md"), {}, 3, "/nowhere/k.md: No such file or directory"),
        (
            ("replay", "/etc/hosts", "--kind", "road", "--device", "r", "--map", "ts=a,surface_temperature_c=b", "--timezone", "+99:99"),
            {},
            2,
            "--timezone '+99:99' is unknown",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_words(
    words: tuple[str, ...], environment: dict[str, str], code: int, said: str
) -> None:
    done = cityops(*words, **environment)
    assert said in done.stderr, done.stderr
    assert done.returncode == code
    assert "bug" not in done.stderr
    assert "cret-1" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("rules", "run"), ("registry", "load", "-")])
def test_a_database_without_tables_says_what_to_run(
    command: tuple[str, ...], empty_dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "r.json"
    file.write_text('{"name": "x", "nodes": [{"node_id": 1, "latitude_deg": 0.0, "longitude_deg": 0.0}]}')
    words = [str(file) if word == "-" else word for word in command]
    done = cityops(*words, CITYOPS_DB__DSN=empty_dsn)
    assert done.returncode == 2
    assert "run `cityops db upgrade`" in done.stderr
    assert "bug" not in done.stderr


def test_doctor_reports_settings_that_can_not_be_read() -> None:
    done = cityops("doctor", "--json", CITYOPS_MQTT__PORT="abc", CITYOPS_API__PORT="-1")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["worst"] == "fail"
    assert {f["name"] for f in report["findings"]} == {"settings"}
    details = " ".join(f["detail"] for f in report["findings"])
    assert "mqtt.port = 'abc' (from CITYOPS_MQTT__PORT)" in details
    assert "api.port = '-1'" in details


def test_doctor_names_a_file_where_the_data_should_go_and_a_missing_certificate(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = cityops(
        *("doctor", "--json"),
        CITYOPS_DATA_DIR=str(tmp_path / "file" / "data"),
        CITYOPS_MQTT__TLS_CA="/nowhere/ca.pem",
        CITYOPS_DB__DSN="junk",
        CITYOPS_API__PORT=str(free_port()),
    )
    found = {f["name"]: f for f in json.loads(done.stdout)["findings"]}
    assert found["data directory"]["level"] == "fail"
    assert f"{tmp_path / 'file'} is no folder" in found["data directory"]["detail"]
    assert found["broker"]["detail"] == "/nowhere/ca.pem: no such certificate file"
    assert found["database"]["detail"].startswith("CITYOPS_DB__DSN is no connection string")
