"""What a codec may use. Read by the process that runs codecs: imports little, so that one starts in 20 ms."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """Limits of one codec and of one call.

    Attributes:
        call_s: processor time of a call, looked at by the engine in loops, calls and regular expressions.
        load_s: likewise, of reading a codec's source.
        start_s: likewise, of the statements outside of its functions, which run as it is loaded.
        native_s: processor time after which the system ends the process: what the engine does not look at (sorting
            an array of a billion holes). Of the whole call, the second try in a fresh engine included.
        wall_s: time on the wall after which the process is ended: hung, or starved.
        memory_bytes: of one codec's engine.
        stack_bytes: of JavaScript's stack.
        process_bytes: address space of a process.
        source_bytes: of a codec's source.
        input_bytes: of a call's input, as JSON.
        output_bytes: of a result, as JSON.
        depth, values, text: nesting, number of values and characters of text in a result.
        codecs: that a process keeps loaded.
        uses: of one engine, after which a new one is made.
    """

    call_s: float = 0.03
    load_s: float = 0.15
    start_s: float = 0.06
    native_s: float = 0.05
    wall_s: float = 2.0
    memory_bytes: int = 16 << 20
    stack_bytes: int = 256 << 10
    process_bytes: int = 768 << 20
    source_bytes: int = 512 << 10
    input_bytes: int = 64 << 10
    output_bytes: int = 256 << 10
    depth: int = 20
    values: int = 5000
    text: int = 64 << 10
    codecs: int = 24
    uses: int = 20_000
