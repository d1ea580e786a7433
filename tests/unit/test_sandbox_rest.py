"""A codec that is stopped again and again rests."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.sandbox.ports import Answer, Call, Codec, Problem
from ingest.sandbox.resting import REST_S, STRIKES, RestingDecoder
from tests.fakes.codecs import call

SLOW = Answer(problem=Problem("too_slow", "stopped"))
GOOD = Answer({"data": {}}, "decodeUplink")


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Scripted:
    """A decoder that is stopped by codecs named slow, and counts."""

    def __init__(self) -> None:
        self.ran = 0

    def run(self, codec: Codec, calls: Sequence[Call]) -> list[Answer]:
        self.ran += len(calls)
        return [SLOW if codec.source == "slow" or c.input["bytes"] == [9] else GOOD for c in calls]

    def close(self) -> None:
        self.ran = -1


def codes(answers: list[Answer]) -> list[str]:
    return [a.problem.code if a.problem is not None else "ok" for a in answers]


def test_it_rests_after_some_and_one_call_decides() -> None:
    inner, clock = Scripted(), Clock()
    decoder = RestingDecoder(inner, clock)
    for _ in range(STRIKES):
        assert codes(decoder.run(Codec("slow"), [call()])) == ["too_slow"]
    (resting,) = decoder.run(Codec("slow"), [call()])
    assert resting.problem == Problem("resting", "was stopped 5 times in a row; it is tried again in 60 s")
    assert inner.ran == STRIKES
    assert codes(decoder.run(Codec("good"), [call()] * 3)) == ["ok"] * 3
    clock.now_s += REST_S
    assert codes(decoder.run(Codec("slow"), [call()] * 4)) == ["too_slow"] + ["resting"] * 3


def test_a_good_answer_forgets() -> None:
    inner, clock = Scripted(), Clock()
    decoder = RestingDecoder(inner, clock)
    for _ in range(STRIKES):
        answers = decoder.run(Codec("mixed"), [call(b"\x09")] * 4 + [call()])
        assert codes(answers) == ["too_slow"] * 4 + ["ok"]
    decoder.close()
    assert inner.ran == -1


def test_a_batch_of_a_codec_that_hangs_is_cut_short() -> None:
    inner = Scripted()
    answers = RestingDecoder(inner, Clock()).run(Codec("slow"), [call()] * 1000)
    assert inner.ran <= 32
    assert codes(answers)[-1] == "resting"
    assert len(answers) == 1000
