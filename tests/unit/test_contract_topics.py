from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contract import topics

DEVICE = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,62}\Z")


@given(st.integers(0, 15), DEVICE, st.sampled_from(sorted(topics.UP | topics.DOWN)))
def test_topic_and_parse_are_inverse(shard: int, device: str, channel: str) -> None:
    parsed = topics.parse(topics.topic(shard, "frog", device, channel))  # type: ignore[arg-type]
    assert parsed == topics.Topic(shard, "frog", device, channel)


@pytest.mark.parametrize(
    "text",
    [
        "", "cityops", "cityops/v1/00/frog/f1", "cityops/v2/00/frog/f1/reading", "cityops/v1/0/frog/f1/reading",
        "cityops/v1/00/frog/F1/reading", "cityops/v1/00/frog/f1/readings", "cityops/v1/00/frog/f1/reading/x",
        "cityops/v1/zz/frog/f1/reading", "cityops/v1/00/frog/../reading",
    ],
)  # fmt: skip
def test_other_topics_are_none(text: str) -> None:
    assert topics.parse(text) is None


@given(DEVICE)
def test_a_shard_is_one_of_sixteen_and_stays(device: str) -> None:
    assert 0 <= topics.shard_of(device) < topics.SHARDS
    assert topics.shard_of(device) == topics.shard_of(device)


def test_shards_share_the_load() -> None:
    counts = [0] * topics.SHARDS
    for i in range(1600):
        counts[topics.shard_of(f"frog-{i:04d}")] += 1
    assert min(counts) > 60


def test_the_filters_of_a_shard_cover_what_devices_send() -> None:
    assert topics.shard_filters(10) == tuple(
        f"cityops/v1/0a/+/+/{c}" for c in ("diary", "reading", "reported", "status")
    )
