"""Reads arc routing instances: numbers, one link a line.

The layout: junctions, links, then per link ``from to cost demand``, then vehicles,
capacity, lower bound, best known cost. Blank lines and what follows ``#`` don't count.
The depot is junction 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules.core.carp.instance import Instance, Link

_HEAD, _LINK, _FOOT = 2, 4, 4


def parse(name: str, text: str) -> Instance:
    """Return the instance written in ``text``.

    Args:
        name: of the instance, for messages.
        text: a file's content.

    Raises:
        ValueError: what is wrong and in which line.
    """
    rows = [
        (n, words) for n, line in enumerate(text.splitlines(), 1) if (words := line.split("#")[0].split())
    ]
    numbers = [(n, _whole(name, n, word)) for n, words in rows for word in words]
    values = [value for _, value in numbers]
    if len(values) < _HEAD:
        raise ValueError(f"{name}: {len(values)} numbers; the first two must be junctions and links")
    nodes, count = values[:_HEAD]
    wanted = _HEAD + _LINK * count + _FOOT
    if len(values) != wanted:
        raise ValueError(f"{name}: {len(values)} numbers, but {count} links need {wanted}")
    fleet, capacity, lower, upper = values[-_FOOT:]
    return Instance(name, nodes, _links(values[_HEAD:-_FOOT]), capacity, fleet, bounds=(lower, upper))


def _whole(name: str, line: int, word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise ValueError(f"{name}, line {line}: {word!r} is no whole number") from None


def _links(values: Sequence[int]) -> tuple[Link, ...]:
    return tuple(
        Link(values[i], values[i + 1], values[i + 2], values[i + 3]) for i in range(0, len(values), _LINK)
    )
