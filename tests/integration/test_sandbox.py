"""Codecs run, in our own process and in processes of their own: what works, what is stopped, what is forgotten."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ingest.sandbox.inline import InlineDecoder
from ingest.sandbox.limits import Limits
from ingest.sandbox.pool import PooledDecoder
from ingest.sandbox.ports import Call, Codec, Decoder
from ingest.sandbox.ts013 import decode_uplinks
from tests.fakes.codecs import body, call, codec, payload

DISTANCE = "01755c0367010104824408050001"


@pytest.fixture(scope="module", params=[InlineDecoder, PooledDecoder])
def decoder(request: pytest.FixtureRequest) -> Iterator[Decoder]:
    made: Decoder = request.param()
    yield made
    made.close()


def problem(decoder: Decoder, given: Codec) -> tuple[str, str]:
    found = decoder.run(given, [call()])[0].problem
    assert found is not None
    return found.code, found.message


def test_a_ts013_codec_decodes(decoder: Decoder) -> None:
    found, port, short = decode_uplinks(
        decoder, codec("distance"), [payload(DISTANCE), payload(DISTANCE, 42), payload("0175050a")]
    )
    assert found.data == {"battery": 92, "temperature": 25.7, "distance": 2116, "position": "tilt"}
    assert found.problem is None
    assert not found.notes
    assert port.data is None
    assert port.errors == ("unknown fPort 42",)
    assert short.warnings == ("battery low",)


def test_newer_javascript_and_the_time_of_receipt(decoder: Decoder) -> None:
    (found,) = decode_uplinks(decoder, codec("thermometer"), [payload("cbf6ff9c0376", 2)])
    assert found.data == {
        "battery_v": 3.062,
        "temperature_c": -1.0,
        "humidity_pct": 88.6,
        "heard": "2026-01-09T05:10:00.000Z",
    }


def test_downlinks(decoder: Decoder) -> None:
    encoded, back = decoder.run(
        codec("distance"),
        [
            Call("encodeDownlink", {"data": {"interval_s": 600}}),
            Call("decodeDownlink", {"fPort": 85, "bytes": [255, 3, 88, 2]}),
        ],
    )
    assert encoded.result == {"fPort": 85, "bytes": [255, 3, 88, 2]}
    assert back.result == {"data": {"interval_s": 600}}
    (old,) = decoder.run(codec("legacy_v2"), [Call("encodeDownlink", {"data": {"level": 2}, "fPort": 3})])
    assert (old.function, old.result) == ("Encoder", {"bytes": [200], "port": 3})


def test_what_came_before_ts013(decoder: Decoder) -> None:
    (two,) = decode_uplinks(decoder, codec("legacy_v2"), [payload("32", 7)])
    assert two.data == {"port": 7, "level": 0.5}
    assert two.notes == (
        "called as Decoder(bytes, port), as The Things Network 2 calls it: the codec has no decodeUplink (TS013)",
    )
    (three,) = decode_uplinks(decoder, codec("legacy_v3"), [payload("32", 7, site="Quay")])
    assert three.data == {"port": 7, "level": 0.5, "site": "Quay"}


def test_a_codec_written_for_node(decoder: Decoder) -> None:
    (found,) = decode_uplinks(decoder, codec("node_style"), [payload("2a")])
    assert found.data == {"first": 42, "module": "object", "require": "undefined"}


def test_a_codec_that_uses_a_buffer_as_chirpstack_offers_it(decoder: Decoder) -> None:
    (found,) = decode_uplinks(decoder, codec("buffers"), [payload("41c80000ff9cfeff80000000c3a9")])
    assert found.data == {
        "float": 25.0, "i16": -100, "u16le": 65534, "u32": 2147483648, "u24": 65436, "hex": "41c8", "text": "é",
        "base64": "QcgAAA==", "bytes": [0, 2, 88, 254, 255], "joined": [1, 2, 3], "beyond": "RangeError",
    }  # fmt: skip


def test_a_codec_that_changes_the_language_works_unchanged(decoder: Decoder) -> None:
    for _ in range(3):
        (found,) = decode_uplinks(decoder, codec("replaces_assign"), [payload("0aff01")])
        assert found.data == {"hex": ["0a", "ff", "01"]}


def test_no_call_finds_what_another_left(decoder: Decoder) -> None:
    given = codec("leaky")
    answers = [decoder.run(given, [call(bytes([n]))])[0] for n in (7, 9)] + decoder.run(
        given, [call(b"\x0b")] * 3
    )
    first = {
        "seen": 1, "undeclared": 1, "calls": 1, "count": 1, "own": 1, "before": None, "array": 1, "math": 1,
        "exports": 1, "joined": "1,2", "made": True, "day": 2026,
    }  # fmt: skip
    for answer, total in zip(answers, (7, 9, 11, 11, 11), strict=True):
        assert answer.problem is None
        assert answer.result == {"data": first | {"total": total}}


@pytest.mark.parametrize(
    "spoiling",
    [
        "Object.freeze(Object.prototype)",
        "Object.defineProperty(globalThis, 'kept', {value: 1})",
        "Array.prototype.map = null; Object.preventExtensions(Array.prototype)",
        "delete Object.prototype.toString; Object.prototype.toString = null",
        "JSON = {parse: null}; Reflect.ownKeys = () => []; Date = null",
        "Object.setPrototypeOf(Math, {kept: 1})",
        "Promise.resolve().then(() => { globalThis.kept = 1 })",
        "arguments.callee.kept = 1; Symbol.for('kept'); Error.stackTraceLimit = 0",
        "Object.defineProperty(Object.prototype, 'kept', {get() { return 1 }, configurable: true})",
        "(function* () {}).constructor.prototype.kept = 1; Object.getPrototypeOf([].values()).next = null",
    ],
)
def test_a_codec_that_spoils_the_language_spoils_it_for_itself(decoder: Decoder, spoiling: str) -> None:
    given = body(
        "var was = [typeof kept, [1].map(String).join(), ({}).toString(), typeof JSON.parse, Object.isFrozen(Object.prototype),"
        " Object.isExtensible(Array.prototype), String({}.kept) + Math.kept + decodeUplink.kept, [...[1, 2]].length,"
        f" typeof Date]; if (input.bytes[0]) {{ {spoiling} }} return {{data: {{was: was}}}};"
    )
    clean = [
        "undefined", "1", "[object Object]", "function", False, True, "undefinedundefinedundefined", 2, "function",
    ]  # fmt: skip
    for _ in range(3):
        for byte in (b"\x01", b"\x00"):
            (answer,) = decoder.run(given, [call(byte)])
            assert answer.problem is None
            assert answer.result == {"data": {"was": clean}}


def test_codecs_do_not_meet(decoder: Decoder) -> None:
    one, other = body("globalThis.kept = 1; return {data: {}}"), body("return {data: {kept: typeof kept}}")
    decoder.run(one, [call()])
    assert decoder.run(other, [call()])[0].result == {"data": {"kept": "undefined"}}


@pytest.mark.parametrize(
    "text",
    [
        "while (true) {}",
        "for (;;) { try { for (;;) {} } catch (e) {} }",
        "/^(a+)+$/.test('a'.repeat(50) + 'b')",
    ],
)
def test_what_does_not_end_is_stopped(decoder: Decoder, text: str) -> None:
    decoder.run(body(text), [call()])  # loaded
    used = time.process_time()
    assert problem(decoder, body(text)) == ("too_slow", "stopped after 30 ms of processor time")
    assert time.process_time() - used < 0.1  # in our process; the other one's is limited by the system
    assert decoder.run(codec("distance"), [call(DISTANCE)])[0].problem is None


def test_what_does_not_end_as_it_is_loaded_is_stopped(decoder: Decoder) -> None:
    assert problem(decoder, Codec("while (true);")) == ("too_slow", "stopped after 60 ms of processor time")


def test_what_waits_for_a_promise_costs_no_later_call(decoder: Decoder) -> None:
    """It never runs, and its memory is not free again: 8 kB a call fill an engine in two thousand."""
    given = body("Promise.resolve(new Array(1000).fill(1)).then((all) => all); return {data: {n: 1}}")
    for _ in range(6):
        answers = decoder.run(given, [call()] * 400)
        assert [a.result for a in answers if a.problem is None] == [{"data": {"n": 1}}] * 400


def test_memory_stack_and_sizes_are_limited(decoder: Decoder) -> None:
    code, words = problem(decoder, body("var all = []; for (;;) all.push(new Uint8Array(100000))"))
    assert code == "too_much_memory", words
    assert problem(decoder, body("(function f() { f() })()"))[0] == "too_deep"
    assert problem(decoder, body("return {data: 'x'.repeat(100000)}"))[0] == "too_large"
    assert problem(decoder, body("var d = {}; d.d = d; return {data: d}"))[0] == "too_large"
    assert (
        problem(decoder, body("var d = {}; for (var i = 0; i < 6000; i++) d[i] = i; return {data: d}"))[0]
        == "too_large"
    )
    assert (
        problem(decoder, Codec("//" + "x" * (600 << 10)))[1]
        == "the source has 614402 bytes, 524288 are allowed"
    )
    big = Call("decodeUplink", {"bytes": [0] * 100_000, "fPort": 1})
    (found,) = decoder.run(codec("distance"), [big])
    assert found.problem is not None
    assert found.problem.code == "too_large"


def test_what_went_wrong_is_said(decoder: Decoder) -> None:
    assert problem(decoder, body("\nthrow new Error('no such channel')")) == (
        "threw",
        "Error: no such channel (line 2)",
    )
    assert (
        problem(decoder, body("return null.x"))[1] == "TypeError: cannot read property 'x' of null (line 1)"
    )
    assert problem(decoder, body("throw 'a text'")) == ("threw", "a text")
    assert problem(decoder, body("throw {get message() { throw 1 }}")) == (
        "threw",
        "an error that cannot be read",
    )
    assert problem(decoder, Codec("function decodeUplink( {"))[0] == "not_loaded"
    assert problem(decoder, Codec("var x = 1;")) == ("no_function", "the codec has no function decodeUplink")
    assert problem(decoder, Codec("nothing.there = 1")) == (
        "not_loaded",
        "ReferenceError: nothing is not defined (line 1)",
    )
    assert problem(decoder, body("return 5"))[1] == "decodeUplink returned int, not an object"
    assert problem(decoder, body("return"))[1] == "decodeUplink returned nothing"
    assert "promise" in problem(decoder, body("return Promise.resolve({})"))[1]
    assert problem(decoder, Codec("a\0b"))[1] == "the source holds a NUL character"
    assert "surrogate" in problem(decoder, Codec("'\ud800'"))[1]


def test_what_json_cannot_say_is_left_empty_and_told(decoder: Decoder) -> None:
    (found,) = decode_uplinks(
        decoder,
        body(
            "return {data: {t: NaN, up: 1/0, list: [1, -1/0], u: undefined, f: function () {}, z: -0, d: new Date(0),"
            " big: 12n, huge: 2n ** 70n, half: '\\ud800'}}"
        ),
        [payload("00")],
    )
    assert found.data == {
        "t": None, "up": None, "list": [1, None], "z": 0, "d": "1970-01-01T00:00:00.000Z",
        "big": 12, "huge": "1180591620717411303424", "half": "\ufffd",
    }  # fmt: skip
    assert found.notes == (
        "result.data.t is NaN: left empty",
        "result.data.up is Infinity: left empty",
        "result.data.list[1] is -Infinity: left empty",
    )


def test_nothing_is_there_to_reach_out_with(decoder: Decoder) -> None:
    names = (
        "require",
        "process",
        "std",
        "os",
        "fetch",
        "XMLHttpRequest",
        "setTimeout",
        "Atomics",
        "SharedArrayBuffer",
    )
    given = body(
        f"return {{data: {{found: {list(names)!r}.filter(function (n) {{ return n in globalThis }})}}}}"
    )
    assert decoder.run(given, [call()])[0].result == {"data": {"found": []}}
    assert problem(decoder, body("return import('os')"))[0] in {"threw", "not_loaded"}


def test_a_codec_is_let_go_of_and_comes_back() -> None:
    for made in (InlineDecoder(Limits(codecs=2, uses=3)), PooledDecoder(1, Limits(codecs=2, uses=3))):
        for _ in range(3):
            for n in range(4):
                answers = made.run(body(f"return {{data: {{n: {n}}}}}"), [call()] * 4)
                assert [a.result for a in answers] == [{"data": {"n": n}}] * 4
        made.close()


@pytest.mark.parametrize(
    "said",
    [
        "{stopped: 1}",
        "5",
        "null",
        "[]",
        "{thrown: 5}",
        "{missing: {}}",
        "{notes: 5, result: {}}",
        "undefined",
    ],
)
def test_a_codec_cannot_write_our_side_of_the_answer(decoder: Decoder, said: str) -> None:
    """What an object's own toJSON says is the codec's result, and never what we say of it."""
    given = body(
        f"Object.prototype.toJSON = Array.prototype.toJSON = () => ({said}); return {{data: {{a: NaN}}}}"
    )
    (found,) = decode_uplinks(decoder, given, [payload("01")])
    assert found.problem is not None
    assert found.problem.code in ("wrong_answer", "too_deep")  # an object in it has that toJSON, too


def test_what_was_made_read_only_is_forgotten(decoder: Decoder) -> None:
    given = body(
        "const was = Object.getOwnPropertyDescriptor(Math, 'abs').writable;"
        "Object.defineProperty(Math, 'abs', {writable: false}); return {data: {was}}"
    )
    found = decode_uplinks(decoder, given, [payload("01")] * 3)
    assert [one.data for one in found] == [{"was": True}] * 3


def test_a_source_cannot_leave_the_function_that_it_is_put_into(decoder: Decoder) -> None:
    given = Codec("}); let n = 0; (function () { function decodeUplink() { return {data: {n: ++n}} }")
    code, message = problem(decoder, given)
    assert code == "not_loaded"
    assert "SyntaxError" in message


def test_what_a_codec_throws_is_kept_short(decoder: Decoder) -> None:
    code, message = problem(decoder, body("throw 'x'.repeat(50000)"))
    assert code == "threw"
    assert len(message) < 1100
