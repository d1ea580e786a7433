"""Whatever the letters, times and failures: nothing is left uncounted, and no sender exceeds its allowance."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ingest.core.letter_limit import LetterLimiter, LetterLimits, Sender, sender_of
from ingest.core.reasons import DeadLetter, Reason

LIMITS = LetterLimits(
    letters_per_hour=3600.0, letters_burst=4.0, bytes_per_hour=36_000.0, bytes_burst=500.0, strangers=3.0
)
REGISTERED = frozenset({"a", "b"})

letters = st.builds(
    lambda device, shard, size, reason: DeadLetter(
        topic=f"cityops/v1/{shard:02x}/frog/{device}/reading",
        device=device,
        kind="frog",
        reason=reason,
        sentence="",
        payload=b"x" * size,
        payload_bytes=size + 7,
    ),
    st.sampled_from(["a", "b", "c", "d", None]),
    st.integers(0, 2),
    st.integers(0, 600),
    st.sampled_from([Reason.NOT_JSON, Reason.SENTINEL]),
)
steps = st.lists(
    st.tuples(st.lists(letters, max_size=12), st.floats(0, 20), st.booleans()), min_size=1, max_size=20
)


@given(steps)
def test_every_letter_is_kept_or_counted_and_what_is_kept_is_bounded(
    batches: list[tuple[list[DeadLetter], float, bool]],
) -> None:
    limiter, now_s = LetterLimiter(LIMITS), 0.0
    kept: Counter[Sender] = Counter()
    kept_bytes: Counter[Sender] = Counter()
    for batch, pause_s, fails in batches:
        now_s += pause_s
        verdict = limiter.judge(batch, REGISTERED, now_s)
        if fails:  # rolled back: judged again, with the same outcome
            again = limiter.judge(batch, REGISTERED, now_s)
            assert (again.kept, again.overflow) == (verdict.kept, verdict.overflow)
            verdict = again
        limiter.settle(verdict)
        over: Counter[tuple[Sender, Reason]] = Counter()
        over.update({(o.sender, o.reason): o.letters for o in verdict.overflow})
        kept_now = Counter((sender_of(d, REGISTERED), d.reason) for d in verdict.kept)
        assert kept_now + over == Counter((sender_of(d, REGISTERED), d.reason) for d in batch)
        sizes = sum(o.payload_bytes for o in verdict.overflow) + sum(d.payload_bytes for d in verdict.kept)
        assert sizes == sum(d.payload_bytes for d in batch)
        for one in verdict.kept:
            sender = sender_of(one, REGISTERED)
            kept[sender] += 1
            kept_bytes[sender] += len(one.payload)
        for sender in kept:
            times = 1.0 if sender.device is not None else LIMITS.strangers
            assert kept[sender] <= times * (LIMITS.letters_burst + now_s) + 1e-6
            assert kept_bytes[sender] <= times * (LIMITS.bytes_burst + 10 * now_s) + 1e-6
