"""No space left for what the broker saves: row 9 of docs/reliability.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from cityops.errors import ConfigurationError
from ops_api.verify.broker_disk import refuse_where_impossible
from ops_api.verify.chain import Chain
from tests.fakes.proof import prove

pytestmark = [
    pytest.mark.fault,
    pytest.mark.usefixtures("quick_start"),
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]

MANY = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.fixture
def limitable() -> None:
    """Skips where a running process can't be limited: not Linux, or no prlimit."""
    try:
        refuse_where_impossible()
    except ConfigurationError as e:
        pytest.skip(str(e))


@pytest.mark.parametrize(("times", "messages"), [(4, 10_000), pytest.param(40, 80_000, marks=MANY)])
async def test_devices_keep_what_the_broker_could_not(
    limitable: None, chain: Chain, tmp_path: Path, times: int, messages: int
) -> None:
    """The fault itself fails where no save went up to the limit. Both ends of it happen."""
    outcome = await prove(chain, tmp_path, *[("fill-broker-disk", 1.0)] * times, messages=messages)
    assert {"killed meanwhile" in did for did in outcome.faults} == {True, False}
