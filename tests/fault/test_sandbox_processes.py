"""What goes down with a codec is a process of the pool, and only the call that was at fault is lost."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ingest.sandbox.limits import Limits
from ingest.sandbox.pool import PooledDecoder
from ingest.sandbox.ports import Answer
from tests.fakes.codecs import body, call, codec

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(sys.platform != "linux", reason="signals and limits as Linux has them"),
]

# The engine looks at no clock while it sorts four billion holes.
HANGS = "if (input.bytes[0] === 9) { var a = []; a.length = 4294967295; a.sort() } return {data: {n: input.bytes[0]}}"


@pytest.fixture
def pool() -> Iterator[PooledDecoder]:
    made = PooledDecoder(1)
    yield made
    made.close()


def child() -> psutil.Process:
    """The pool's process: of our children the one that runs codecs."""
    found = [p for p in psutil.Process().children() if "ingest.sandbox.child" in " ".join(p.cmdline())]
    assert len(found) == 1
    return found[0]


def codes(answers: list[Answer]) -> list[str]:
    return [a.problem.code if a.problem is not None else "ok" for a in answers]


def test_a_native_loop_costs_its_own_call_only(pool: PooledDecoder) -> None:
    answers = pool.run(body(HANGS), [call(bytes([n])) for n in (1, 2, 9, 3, 4)])
    assert codes(answers) == ["ok", "ok", "too_slow", "ok", "ok"]
    assert answers[4].result == {"data": {"n": 4}}
    assert answers[2].problem is not None
    assert answers[2].problem.message == (
        "stopped after 50 ms of processor time, in an operation of the language: its process was ended"
    )


def test_a_codec_that_always_brings_it_down_is_given_up_for_the_batch(pool: PooledDecoder) -> None:
    answers = pool.run(body(HANGS), [call(b"\x09")] * 50)
    assert codes(answers) == ["too_slow"] * 50
    assert pool.run(codec("distance"), [call("01755c")])[0].result == {
        "data": {"battery": 92},
        "warnings": [],
    }


def test_a_process_that_goes_down_in_a_call_is_replaced(pool: PooledDecoder) -> None:
    pool.run(codec("distance"), [call()])
    gone = child()
    gone.suspend()
    threading.Timer(0.1, gone.send_signal, [signal.SIGKILL]).start()
    answers = pool.run(codec("distance"), [call()] * 3)
    assert codes(answers) == ["crashed", "ok", "ok"]
    assert answers[0].problem is not None
    assert answers[0].problem.message == "the process that ran it went down (SIGKILL)"
    assert child().pid != gone.pid


def test_a_process_that_goes_down_in_between_costs_nothing(pool: PooledDecoder) -> None:
    pool.run(codec("distance"), [call()])
    gone = child()
    gone.send_signal(signal.SIGSEGV)
    os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)
    assert codes(pool.run(codec("distance"), [call()] * 3)) == ["ok"] * 3


def test_a_process_that_answers_nothing_is_ended() -> None:
    pool = PooledDecoder(1, Limits(wall_s=0.3))
    try:
        pool.run(codec("distance"), [call()])
        child().suspend()
        answers = pool.run(codec("distance"), [call()] * 2)
        assert codes(answers) == ["too_slow", "ok"]
    finally:
        pool.close()


def test_the_process_has_no_environment_no_files_and_limits(pool: PooledDecoder) -> None:
    pool.run(codec("distance"), [call()])
    it = child()
    assert it.environ() == {"TZ": "UTC"}
    assert it.rlimit(psutil.RLIMIT_NOFILE) == (3, 3)
    assert it.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert it.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert it.rlimit(psutil.RLIMIT_AS)[1] == Limits().process_bytes
    assert {Path(f"/proc/{it.pid}/fd/{n}").readlink().name.split(":")[0] for n in (0, 1)} == {"pipe"}
    assert len(list(Path(f"/proc/{it.pid}/fd").iterdir())) == 3


def test_processes_end_with_the_pool() -> None:
    pool = PooledDecoder(2)
    both = threading.Barrier(2)

    def one() -> None:
        both.wait()
        pool.run(codec("distance"), [call()] * 200)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.close()
    assert not [p for p in psutil.Process().children() if "ingest.sandbox.child" in " ".join(p.cmdline())]


def test_larger_batches_than_a_pipe_holds(pool: PooledDecoder) -> None:
    given = body("return {data: {text: 'y'.repeat(20000), n: input.bytes.length}}")
    answers = pool.run(given, [call(bytes(n % 240)) for n in range(400)])
    assert [a.result["data"]["n"] for a in answers if a.result] == [n % 240 for n in range(400)]  # type: ignore[index]


def test_it_runs_where_more_than_a_thousand_files_are_open() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 1300:
        pytest.skip(f"only {soft} files may be open here")
    held = [os.dup(0) for _ in range(1100)]
    pool = PooledDecoder(1)
    try:
        assert codes(pool.run(codec("distance"), [call()])) == ["ok"]
    finally:
        pool.close()
        for number in held:
            os.close(number)
