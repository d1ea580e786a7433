from __future__ import annotations

import structlog

from ingest.core.letter_limit import SWEEP_FROM, LetterLimiter, LetterLimits, Sender, sender_of
from ingest.core.quiet import OncePer
from ingest.core.reasons import DeadLetter, Reason
from ingest.metrics import IngestMetrics
from ingest.overflow_log import OverflowLog

DAY_S = 86_400.0


def letter(device: str | None = "frog-0", size: int = 150, topic: str | None = None) -> DeadLetter:
    return DeadLetter(
        topic=f"cityops/v1/03/frog/{device}/reading" if topic is None else topic,
        device=device,
        kind="frog",
        reason=Reason.NOT_JSON,
        sentence="",
        payload=b"x" * size,
        payload_bytes=size,
    )


class Everyone:
    def __contains__(self, name: object) -> bool:
        return True


def test_a_device_at_five_minutes_with_every_message_bad_is_never_limited() -> None:
    limiter = LetterLimiter(LetterLimits())
    backlog = limiter.judge([letter()] * 500, {"frog-0"}, 0.0)
    assert (len(backlog.kept), backlog.overflow) == (500, [])
    limiter.settle(backlog)
    for step in range(1, 12 * 24 * 7):  # a week, right after a bad backlog
        verdict = limiter.judge([letter(size=1500)], {"frog-0"}, step * 300.0)
        assert not verdict.overflow
        limiter.settle(verdict)


def test_a_judgement_that_is_not_settled_changes_nothing() -> None:
    limiter = LetterLimiter(LetterLimits(letters_burst=3))
    for _ in range(5):
        assert len(limiter.judge([letter()] * 5, {"frog-0"}, 0.0).kept) == 3
    assert len(limiter) == 0


def test_a_clock_that_stands_or_steps_back_gives_nothing() -> None:
    limiter = LetterLimiter(LetterLimits(letters_burst=3))
    limiter.settle(limiter.judge([letter()] * 3, {"frog-0"}, 1000.0))
    for now_s in (1000.0, 0.0, 1000.0):
        verdict = limiter.judge([letter()], {"frog-0"}, now_s)
        assert not verdict.kept
        limiter.settle(verdict)


def test_many_devices_leave_nothing_behind() -> None:
    limiter = LetterLimiter(LetterLimits())
    for number in range(20_000):
        now_s = number * 600.0  # a full bucket again after ten minutes
        limiter.settle(limiter.judge([letter(f"frog-{number}")], Everyone(), now_s))
    assert len(limiter) <= 2 * SWEEP_FROM


def test_invented_names_never_get_an_allowance_of_their_own() -> None:
    limiter = LetterLimiter(LetterLimits(letters_burst=5, strangers=2))
    letters = [letter(f"made-up-{n}") for n in range(1000)]
    verdict = limiter.judge(letters, {"frog-0"}, 0.0)
    limiter.settle(verdict)
    assert (len(verdict.kept), len(limiter)) == (10, 1)
    assert [(o.sender, o.letters) for o in verdict.overflow] == [(Sender(None, 3), 990)]


def test_who_is_charged() -> None:
    assert sender_of(letter(), {"frog-0"}) == Sender("frog-0", None)
    assert sender_of(letter("made-up"), {"frog-0"}) == Sender(None, 3)
    assert sender_of(letter(None, topic="cityops/v1/0a/x"), set()) == Sender(None, 10)
    assert sender_of(letter(None, topic="cityops/v1/0a"), set()) == Sender(None, 10)
    for topic in ("", "cityops/v1", "cityops/v1/zz/frog", "cityops/v2/03/frog", "x" * 1024):
        assert sender_of(letter(None, topic=topic), set()) == Sender(None, None)


def test_one_line_per_key_and_period() -> None:
    once = OncePer(60.0)
    said = [second for second in range(200) if once.due("frog-0", float(second))]
    assert said == [0, 60, 120, 180]
    assert once.due("frog-1", 199.0)


def test_old_keys_are_forgotten() -> None:
    once = OncePer(60.0)
    for number in range(100_000):
        once.due(number, number * 1.0)
    assert len(once) <= 2048


def test_every_letter_not_kept_is_in_the_metrics_and_one_line_a_minute_in_the_log() -> None:
    metrics = IngestMetrics()
    log = OverflowLog(metrics)
    limiter = LetterLimiter(LetterLimits(letters_burst=1))
    with structlog.testing.capture_logs() as lines:
        for second in range(10):
            verdict = limiter.judge([letter()] * 4, {"frog-0"}, float(second))
            limiter.settle(verdict)
            log.note(verdict.overflow, float(second))
    assert [(line["device"], line["letters"]) for line in lines] == [("frog-0", 3)]
    value = metrics.registry.get_sample_value(
        "cityops_ingest_dead_letters_not_kept_total", {"reason": "not_json"}
    )
    assert value == 3 + 9 * 4
