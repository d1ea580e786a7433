"""What the agent's log says of its connection: each change once."""

from __future__ import annotations

import logging

import pytest

from devices.agent.link_log import LinkLog
from devices.log import get_logger


def test_each_change_is_a_line_and_the_same_refusal_is_not_said_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    said = LinkLog(get_logger("a-link"))
    with caplog.at_level(logging.INFO, "a-link"):
        for connected, reason in [
            (False, ""), (True, ""), (True, ""), (False, "refused: Not authorized"), (False, "refused: Not authorized"),
            (False, "no route"), (True, "no route"), (False, "no route"),
        ]:  # fmt: skip
            said.look(connected, reason)
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert [level for level, _ in lines] == ["INFO", "WARNING", "WARNING", "INFO", "WARNING"]
    assert "refused: Not authorized" in lines[1][1]
    assert "no route" in lines[2][1]
