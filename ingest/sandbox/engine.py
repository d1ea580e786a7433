"""One codec in one QuickJS engine: JSON in, JSON out, and words of ours where the engine stops it."""

from __future__ import annotations

import json
from pathlib import Path

import _quickjs

from ingest.sandbox.limits import Limits

GUARD = Path(__file__).with_name("guard.js").read_text(encoding="utf-8")
BUFFER = Path(__file__).with_name("buffer.js").read_text(encoding="utf-8")
FUNCTIONS = ("decodeUplink", "Decode", "Decoder", "decodeDownlink", "encodeDownlink", "Encode", "Encoder")
# A function declared, or put on exports or module.exports as codecs for Node do.
_ONE = (
    "{0}: typeof {0} === 'function' ? {0} : typeof exports === 'object' && exports !== null && typeof exports.{0} === "
    "'function' ? exports.{0} : typeof module === 'object' && module !== null && typeof module.exports === 'object' && "
    "module.exports !== null && typeof module.exports.{0} === 'function' ? module.exports.{0} : undefined"
)
# With no memory left for an error the engine throws null, and guard.js can read none of it.
_SHORT_OF_MEMORY = (
    '{"thrown":{"name":"InternalError"',
    '{"thrown":{"name":"","message":"null"',
    '{"thrown":{"name":"","message":"an error that cannot be read"',
)
PICK = "({" + ", ".join(_ONE.format(name) for name in FUNCTIONS) + "})"


def stopped(code: str, message: str) -> str:
    """Return the answer of a call that the codec itself gave none to."""
    return json.dumps({"stopped": code, "message": message})


class Engine:
    """A codec that is called again and again, none of the calls finding what another left.

    Usually in one realm that is put in order after each call (guard.js). A codec that cannot be run so, and a call in
    which something of type ``TypeError`` was thrown (it may have wanted to change what the guard holds fast), gets an
    engine of its own, thrown away afterwards. So does one for which memory was short in a realm that others had used:
    what waits for a promise is kept there and never runs.
    """

    def __init__(self, source: str, limits: Limits) -> None:
        self._source, self._limits = source, limits
        self._run: _quickjs.Object | None = None
        self._uses = 0
        self._apart = False

    @property
    def apart(self) -> bool:
        """Whether each call gets an engine of its own; known once it was prepared."""
        return self._apart

    def prepare(self) -> str | None:
        """Load the codec where it is not; return an answer where that took too long."""
        if self._apart or (self._run is not None and self._uses < self._limits.uses):
            return None
        try:
            self._run, self._uses = self._shared(), 0
        except (_quickjs.JSException, _quickjs.StackOverflow) as problem:
            if "interrupted" in str(problem):
                return _reason(problem, self._limits.start_s, self._limits)
            self._run = None
        self._apart = self._run is None
        return None

    def call(self, text: str) -> str:
        """Run one call (guard.js says its form) and return the answer as JSON; never raises for what a codec does."""
        try:
            return self.prepare() or self._call(text)
        except (_quickjs.JSException, _quickjs.StackOverflow) as problem:
            self._run = None
            return _reason(problem, self._limits.call_s, self._limits)

    def _call(self, text: str) -> str:
        if self._run is None:
            return self._once(text)
        self._uses += 1
        answer = str(self._run(text))
        if answer.startswith("!"):  # something that cannot be put back
            self._run, answer = None, answer[1:]
        if answer.startswith('{"thrown":{"name":"TypeError"'):
            return self._once(text)
        if answer.startswith(_SHORT_OF_MEMORY):
            self._run = None
            return self._once(text) if self._uses > 1 else answer
        return answer

    def alone(self, text: str) -> str:
        """Run one call in an engine of its own."""
        try:
            return self._once(text)
        except (_quickjs.JSException, _quickjs.StackOverflow) as problem:
            return _reason(problem, self._limits.call_s, self._limits)

    def _once(self, text: str) -> str:
        return str(self._fresh()(text))

    def _shared(self) -> _quickjs.Object | None:
        if not self._is_whole():
            return None
        context = self._context()
        start = self._begin(context)
        # On the first line, so that lines count as in the source; a new line, as the last may be a comment.
        make = context.eval("(function () {" + self._source + "\n;return " + PICK + "})")
        context.set_time_limit(self._limits.start_s)
        run: _quickjs.Object | None = start(make, True)
        context.set_time_limit(self._limits.call_s)
        return run

    def _is_whole(self) -> bool:
        """Whether the source is a script by itself: one that is none could end the function that it is put into.

        It is read to its end before the first statement runs, which is ours and leaves.
        """
        try:
            self._context().eval("throw 'whole';\n" + self._source)
        except _quickjs.JSException as problem:
            if "interrupted" in str(problem):
                raise
            return str(problem).startswith("whole")
        return False

    def _fresh(self) -> _quickjs.Object:
        context = self._context()
        start = self._begin(context)
        context.eval("var exports = {}, module = {exports: exports}")
        context.eval(self._source)
        run: _quickjs.Object = start(context.eval("(function () { return " + PICK + "})"), False)
        context.set_time_limit(self._limits.call_s)
        return run

    def _begin(self, context: _quickjs.Context) -> _quickjs.Object:
        start: _quickjs.Object = context.eval(GUARD)
        if "Buffer" in self._source:
            context.eval("{" + BUFFER + "}")
        return start

    def _context(self) -> _quickjs.Context:
        context = _quickjs.Context()
        context.set_memory_limit(self._limits.memory_bytes)
        context.set_max_stack_size(self._limits.stack_bytes)
        context.set_time_limit(self._limits.load_s)
        return context


def _reason(problem: Exception, most_s: float, limits: Limits) -> str:
    said = str(problem).split("\n", 1)[0].replace("<input>", "codec")
    if "interrupted" in said:
        return stopped("too_slow", f"stopped after {most_s * 1000:.0f} ms of processor time")
    if "out of memory" in said or said == "null":
        return stopped("too_much_memory", f"needs more than {limits.memory_bytes >> 20} MiB of memory")
    if isinstance(problem, _quickjs.StackOverflow) or "call stack" in said:
        return stopped("too_deep", "calls itself too deeply: the stack is full")
    return stopped("not_loaded", f"{said}{_line(str(problem))}")


def _line(trace: str) -> str:
    """Return where in the codec, as words; nothing where the engine says none."""
    place = trace.partition("<input>:")[2].partition(")")[0].split(":")
    return f" (line {place[0]})" if place and place[0].isdigit() else ""
