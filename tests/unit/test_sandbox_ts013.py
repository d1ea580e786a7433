"""TS013 as values: calls from payloads, results from answers."""

from __future__ import annotations

import pytest

from ingest.sandbox.limits import Limits
from ingest.sandbox.ports import Answer, Call, Problem
from ingest.sandbox.speech import answer, request
from ingest.sandbox.ts013 import Decoded, decoded, uplink_call
from tests.fakes.codecs import payload


def test_a_payload_becomes_a_call() -> None:
    assert uplink_call(payload("00ff", 2, site="Quay")).input == {
        "bytes": [0, 255], "fPort": 2, "recvTime": 1767935400000, "variables": {"site": "Quay"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        ({"data": {"t": 0.0}}, Decoded({"t": 0.0})),
        ({"data": {}, "errors": [], "warnings": ["low"]}, Decoded({}, warnings=("low",))),
        ({"data": {"t": 1}, "errors": ["wrong port"]}, Decoded(errors=("wrong port",))),
        ({"errors": "one text", "warnings": [1]}, Decoded(errors=("one text",), warnings=("1",))),
        ({}, Decoded(problem=Problem("wrong_answer", "decodeUplink returned no data and no errors"))),
        (
            {"data": [1]},
            Decoded(
                problem=Problem("wrong_answer", "decodeUplink returned data that is no object and no errors")
            ),
        ),
    ],
)
def test_a_result_is_read(result: dict[str, object], wanted: Decoded) -> None:
    assert decoded(Answer(result, "decodeUplink")) == wanted


def test_an_older_function_returns_the_data_itself() -> None:
    found = decoded(Answer({"errors": ["a field of its own"]}, "Decode"))
    assert found.data == {"errors": ["a field of its own"]}
    assert found.errors == ()


def test_answers_that_are_none() -> None:
    limits = Limits()
    assert answer('{"nam', limits).problem is not None
    assert answer("[" * 100_000, limits).problem is not None
    found = answer(" " * 300_000, limits).problem
    assert found == Problem("too_large", "the result has 300000 bytes as JSON, 262144 are allowed")
    assert answer('{"name":"Decode","result":[1]}', limits).problem == Problem(
        "wrong_answer", "Decode returned list, not an object"
    )
    unsaid = request(Call("decodeUplink", {"bytes": object()}), limits)
    assert isinstance(unsaid, Problem)
