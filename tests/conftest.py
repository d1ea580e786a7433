"""Real servers for the tests: PostgreSQL (or TimescaleDB) and Mosquitto.

``CITYOPS_TEST_DSN`` names a server to use instead of the embedded one; its role must
be allowed to create databases. Tests marked ``storage`` run on every server that there is
(``tests.fakes.databases``). Each test that asks for ``db_dsn`` has a database of its own,
cloned from a template that was upgraded once per process.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from hypothesis import settings

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.mosquitto_binary import find_mosquitto
from tests.fakes import cpu_report, examples
from tests.fakes.databases import MORE, Servers, own_database, quick_place, server_names
from tests.fakes.quick_start import Quick, runs_tests
from tests.fakes.turned import Turned

# An absolute time of one example says nothing on a machine that is shared.
settings.register_profile("cityops", deadline=None, max_examples=examples.of(examples.USUAL))
settings.load_profile("cityops")

# As the product writes them: rich's frames of a single traceback, with all variables in colours, take 0.2 s of CPU.
PLAIN = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], PLAIN])

# Compiling the loops of arc routing takes longer than all their tests; one file does it (test_carp_compiled).
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")

if sys.version_info < (3, 12):
    # It words for each handler that is no number why it is none, with the result of the coroutine that the handler ends:
    # whole towns, twice for each asynchronous fixture and test.
    _enum_of_int = signal._int_to_enum  # type: ignore[attr-defined]
    signal._int_to_enum = lambda value, kind: _enum_of_int(value, kind) if isinstance(value, int) else value  # type: ignore[attr-defined]

TESTS = Path(__file__).parent
WAITING = ("e2e", "fault")
BROWSER = "browser"
"""The mark of tests in a browser: one file of them is the longest of all, and must not be what the end waits for."""
COMPUTING = ("property", BROWSER, "integration", "unit", "architecture")
LONG_UNITS = (
    "test_bin_bench.py", "test_bin_emptying_measured.py", "test_bin_ledger_quarter.py", "test_bin_outlook_weeks.py",
    "test_bin_trial.py", "test_quality_rules.py", "test_road_film.py", "test_road_now_night.py", "test_rules_replay.py",
    "test_world_world.py",
)  # fmt: skip
"""Files of four seconds of CPU and more, before the others of their kind: the end waits for short ones only."""
AHEAD = 0.7
"""Part of the run after which no file that waits is begun."""

_FROM_WORKERS: Counter[str] = Counter()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Tell what the run costs, see :mod:`tests.fakes.cpu_report`."""
    parser.addoption(
        "--cpu-report", type=Path, metavar="FILE", help="write what each file of tests costs in CPU"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Measure in each process that runs tests; what collects for others, as xdist's master, does not."""
    told: Path | None = config.getoption("--cpu-report")
    if told is None:
        return
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", default=None):
        config.pluginmanager.register(cpu_report.CpuReport(told.absolute()))
    else:
        told.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _no_closed_logs() -> None:
    """A test that had the log written to a stream of its own leaves a handler that complains of every line to come."""
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, logging.StreamHandler) and getattr(handler.stream, "closed", False):
            root.removeHandler(handler)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of whoever runs the tests do not reach them."""
    for name in list(os.environ):
        if name.startswith("CITYOPS_") and not name.startswith(("CITYOPS_TEST_", "CITYOPS_REAL_DATA")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def server_dir() -> Iterator[Path]:
    """A short folder that an unprivileged user may enter (pytest's own are closed and long).

    In memory where there is enough of it: what it is for outlives processes, not the machine, and a database of its
    own that flushes to a disk waits for it a dozen seconds.
    """
    folder = Path(tempfile.mkdtemp(prefix="cityops-test-", dir=quick_place(MORE)))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The database servers of this run, in memory where there is enough of it."""
    folder = Path(tempfile.mkdtemp(prefix="cityops-test-", dir=quick_place()))
    folder.chmod(0o711)
    made = Servers(folder)
    yield made
    made.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def pg_server(servers: Servers, request: pytest.FixtureRequest) -> str:
    """Connection string of a database server on which databases may be made."""
    return servers.dsn(getattr(request, "param", server_names()[0]))


@pytest.fixture(scope="session")
def db_template(servers: Servers, pg_server: str) -> str:
    """Name of an upgraded database to clone."""
    return servers.template(pg_server)


@pytest.fixture
def db_dsn(pg_server: str, db_template: str) -> Iterator[str]:
    """Connection string of an upgraded database which is this test's alone."""
    with own_database(pg_server, "test", db_template) as dsn:
        yield dsn


@pytest.fixture
def empty_dsn(pg_server: str) -> Iterator[str]:
    """Connection string of an empty database which is this test's alone."""
    with own_database(pg_server, "empty") as dsn:
        yield dsn


@pytest.fixture
async def pg(db_dsn: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """An autocommit connection to this test's database."""
    conn = await psycopg.AsyncConnection.connect(db_dsn, autocommit=True, options="-c timezone=UTC")
    async with conn:
        yield conn


@pytest.fixture
def broker(server_dir: Path) -> Iterator[EmbeddedMosquitto]:
    """A private Mosquitto without users; ``stop``, ``kill`` and ``start`` keep its port."""
    with EmbeddedMosquitto(_fresh(server_dir), binary=find_mosquitto(_unpacked_dir())) as started:
        yield started


@pytest.fixture
def quick_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start services as copies of a process that has all imported, 1 to 4 s of CPU each: not where starting is tested."""
    monkeypatch.setattr(subprocess, "Popen", Quick)


def _fresh(parent: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="b", dir=parent))
    folder.chmod(0o711)
    return folder


def _unpacked_dir() -> Path | None:
    given = os.environ.get("CITYOPS_TEST_DATA_DIR")
    return Path(given) if given else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked ``storage`` on every server."""
    names = server_names() if metafunc.definition.get_closest_marker("storage") else ()
    if len(names) > 1 and "pg_server" in metafunc.fixturenames:
        metafunc.parametrize("pg_server", names, indirect=True, scope="session")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Fork the workers from a process that has imported what they would import: ten seconds of CPU each."""
    if sys.platform == "linux":
        runs_tests()


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Dir:
    """Have each worker begin with other files than the others."""
    return Turned.from_parent(parent, path=path)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while everything is imported: there is hardly any, and looking takes a sixth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Put files that mostly wait among those that compute: there is work for each core all the time.

    Both kinds begin with their long files, and what waits is over first: the last minutes have short files only.
    """
    items.sort(key=lambda item: item.path)  # whichever the worker began with
    yield
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting = [path for path in files if _kind(path) in WAITING]
    computing = sorted(
        (path for path in files if path not in waiting), key=lambda path: _rank(files[path][0])
    )
    place = {path: AHEAD * (n + 0.5) / len(waiting) for n, path in enumerate(waiting)}
    place |= {path: (n + 0.5) / len(computing) for n, path in enumerate(computing)}
    items[:] = [item for path in sorted(files, key=place.__getitem__) for item in files[path]]


def pytest_collection_finish() -> None:
    """Leave out of every collection of garbage what stays until the end: some hundred thousand objects.

    What is garbage among them by now stays too: looking for it once takes longer than it is worth.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _kind(path: Path) -> str:
    """Return the folder of a test, ``unit`` or the like."""
    return path.relative_to(TESTS).parts[0]


def _rank(item: pytest.Item) -> tuple[int, bool]:
    kind = _kind(item.path) if item.get_closest_marker(BROWSER) is None else BROWSER
    place = COMPUTING.index(kind) if kind in COMPUTING else len(COMPUTING)
    return place, item.path.name not in LONG_UNITS


def pytest_runtest_call(item: pytest.Item) -> None:
    """Count the tests per server."""
    used = getattr(item, "funcargs", {})
    if "pg_server" in used:
        used["servers"].note(used["pg_server"], item.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that reports what this one ran on."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["cityops_servers"] = {label: len(tests) for label, tests in Servers.used.items()}


def pytest_testnodedown(node: Any) -> None:
    """Collect what a worker ran on."""
    _FROM_WORKERS.update(getattr(node, "workeroutput", {}).get("cityops_servers", {}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say on which databases how many tests ran."""
    totals = _FROM_WORKERS + Counter({label: len(tests) for label, tests in Servers.used.items()})
    for label, tests in sorted(totals.items()):
        terminalreporter.write_line(f"database of this run: {label}: {tests} tests")
    told: Path | None = terminalreporter.config.getoption("--cpu-report")
    for line in cpu_report.summary(told) if told is not None and told.exists() else ():
        terminalreporter.write_line(line)
