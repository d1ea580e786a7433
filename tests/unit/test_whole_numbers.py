"""A whole number in a body is none of yes and no, which Python takes for 1 and 0."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from ops_api.routers.alarm_documents import Bulk
from ops_api.routers.times import Integer

COMMAND = {"do": "unshelve", "by": "Ada"}


@pytest.mark.parametrize("value", [True, False])
def test_yes_and_no_are_no_numbers(value: bool) -> None:
    with pytest.raises(ValidationError, match="write a number"):
        TypeAdapter(Integer).validate_python(value)
    with pytest.raises(ValidationError, match=r"alarm_ids\.1"):
        Bulk.model_validate({"alarm_ids": [1, value], "command": COMMAND})


def test_numbers_are_taken() -> None:
    assert TypeAdapter(Integer).validate_python(0) == 0
    assert Bulk.model_validate({"alarm_ids": [1, 2.0], "command": COMMAND}).alarm_ids == [1, 2]
