"""Query options: ``$filter $count $orderby $skip $top $expand $select $resultFormat``, in that order of what they do.

Source: OGC 18-088 §9.3.1 (order of evaluation), §9.3.2–3; OData 4.0 part 2 §5.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from ops_api.sensorthings.core.ast import Expr, Order
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.parse import parse, parse_orders
from ops_api.sensorthings.core.schema import ALWAYS, ENTITIES, OBSERVATION, Entity, Way
from ops_api.sensorthings.core.split import Piece, halves, pieces

QUERY_BYTES = 8_192
FIELDS = 20
SKIP_MOST, ENTITIES_MOST = 10_000, 1 << 20
EXPANDS = 30
"""Largest query, most options in it, most observations that are skipped, most other entities, most ways that are followed for one answer, each of which is a query."""
_NESTED = frozenset({"$select", "$expand", "$orderby", "$top", "$skip", "$count", "$filter"})
_KNOWN = _NESTED | {"$resultFormat", "$skiptoken"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked beside the address.

    Attributes:
        select: names of properties and ways to answer with; none: all.
        expand: what is reached from here and answered with it.
        filter, orderby: which, and in which order.
        top, skip: how many, after how many; None and 0 where nothing is said.
        count: whether to say how many there are.
        data_array: whether observations are answered as arrays.
        skiptoken: where the page before ended.
        written: options as they were written, for a link to the next page.
    """

    select: tuple[str, ...] = ()
    expand: tuple[Expand, ...] = ()
    filter: Expr | None = None
    orderby: tuple[Order, ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    data_array: bool = False
    skiptoken: str = ""
    written: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expand:
    """One way that is followed, and what is asked of its end."""

    way: Way
    options: Options


def query_pairs(raw: str) -> list[tuple[str, str]]:
    """Return the options of a query as it came, a + being a blank.

    Raises:
        FilterError: too long, too many, or no UTF-8.
    """
    if len(raw) > QUERY_BYTES:
        raise FilterError(f"a query of more than {QUERY_BYTES} bytes", QUERY_BYTES, "query")
    if not raw:
        return []
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except UnicodeDecodeError:
        raise FilterError("escaped bytes that are no UTF-8", 0, "query") from None
    except ValueError:
        raise FilterError(f"more than {FIELDS} options", 0, "query") from None
    return pairs


def parse_options(query: Sequence[tuple[str, str]], of: Entity, deep: int = 5) -> Options:
    """Return what a query asks of a kind of entity.

    Args:
        query: names and values.
        of: what the address names.
        deep: most levels of ``$expand``.

    Raises:
        FilterError: an unknown option, one that is given twice, or one that means nothing.
    """
    pairs = []
    for name, value in query:
        if not name.startswith("$"):
            if f"${name}" in _KNOWN:
                raise FilterError(f"it is written ${name}", 0, name)
            continue
        if name not in _KNOWN:
            raise FilterError(f"there is no such option; there are {', '.join(sorted(_KNOWN))}", 0, name[:40])
        pairs.append((name, Piece(value, 0)))
    options = _options(pairs, of, deep)
    if (ways := _ways(options)) > EXPANDS:
        raise FilterError(f"{ways} ways in all, at most {EXPANDS}", 0, "$expand")
    return options


def _ways(options: Options) -> int:
    """Return how many ways are followed, those from their ends included."""
    found, left = 0, [options]
    while left:
        expands = left.pop().expand
        found += len(expands)
        left += [expand.options for expand in expands]
    return found


def _options(pairs: Iterable[tuple[str, Piece]], of: Entity, deep: int, within: bool = False) -> Options:
    """Read options one by one; ``within`` an ``$expand``, whose text the places of all mistakes are in."""
    options = Options()
    seen: set[str] = set()
    for name, value in pairs:
        try:
            if name in seen:
                raise FilterError("it is given twice", 0, name)
            seen.add(name)
            options = _with(options, name, value, of, deep)
        except FilterError as error:
            if not within or error.option == "$expand":
                raise
            raise FilterError(f"{name}: {error.message}", value.at + error.position, "$expand") from None
    if "$skiptoken" in seen and options.skip:
        raise FilterError("it stands in place of $skip", 0, "$skiptoken")
    return options


def _with(options: Options, name: str, text: Piece, of: Entity, deep: int) -> Options:
    value = text.text
    options = replace(options, written=(*options.written, (name, value)))
    match name:
        case "$filter":
            return replace(options, filter=parse(value))
        case "$orderby":
            return replace(options, orderby=parse_orders(value))
        case "$select":
            return replace(options, select=_select(value, of))
        case "$expand":
            return replace(options, expand=_expand(text, of, deep))
        case "$top":
            return replace(options, top=_number(value, name))
        case "$skip":
            return replace(options, skip=_skip(value, of))
        case "$count":
            return replace(options, count=_yes(value))
        case "$resultFormat":
            return replace(options, data_array=_data_array(value, of))
    return replace(options, skiptoken=value)


def _number(value: str, option: str) -> int:
    text = value.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise FilterError("a whole number from 0 on is needed", 0, option)
    return int(text)


def _skip(value: str, of: Entity) -> int:
    skip = _number(value, "$skip")
    most = SKIP_MOST if of is OBSERVATION else ENTITIES_MOST
    if skip > most:
        raise FilterError(f"more than {most}: follow @iot.nextLink, or narrow by $filter", 0, "$skip")
    return skip


def _yes(value: str) -> bool:
    if value.strip() not in ("true", "false"):
        raise FilterError("it is true or false", 0, "$count")
    return value.strip() == "true"


def _data_array(value: str, of: Entity) -> bool:
    if value.strip() != "dataArray" or of is not OBSERVATION:
        raise FilterError("there is dataArray, of observations", 0, "$resultFormat")
    return True


def _select(value: str, of: Entity) -> tuple[str, ...]:
    names: list[str] = []
    everything = False
    for piece in pieces(value, ","):
        if piece.text == "*":
            everything = True
        elif piece.text not in of.properties and piece.text not in of.ways and piece.text not in ALWAYS:
            offered = ", ".join([*of.properties, *of.ways])
            raise FilterError(
                f"{of.set} have no {piece.text[:40]!r}; they have {offered}", piece.at, "$select"
            )
        elif piece.text not in names:
            names.append(piece.text)
    return () if everything else tuple(names)


def _expand(text: Piece, of: Entity, deep: int) -> tuple[Expand, ...]:
    """Read ``Datastreams($select=name;$expand=Observations($top=1)),Locations`` and ``Datastreams/Observations``."""
    found: dict[str, Expand] = {}
    items = pieces(text.text, ",", text.at, "$expand")
    if len(items) > EXPANDS:
        raise FilterError(f"more than {EXPANDS} ways", items[EXPANDS].at, "$expand")
    for item in items:
        expand = _one_way(item, of, deep)
        name = expand.way.name
        found[name] = _together(found[name], expand, item.at) if name in found else expand
    return tuple(found.values())


def _one_way(item: Piece, of: Entity, deep: int) -> Expand:
    if deep == 0:
        raise FilterError("too many levels", item.at, "$expand")
    path, inner = halves(item, "$expand")
    name, slash, rest = path.partition("/")
    way = of.ways.get(name)
    if way is None:
        raise FilterError(
            f"{of.set} have no {name[:40]!r}; they have {', '.join(of.ways)}", item.at, "$expand"
        )
    there = ENTITIES[way.to]
    if slash:
        # a/b($top=1): the options are of b
        begin = item.at + len(name) + 1
        further = Piece(rest + item.text[len(path) :], begin)
        written = (("$expand", further.text),)
        return Expand(way=way, options=Options(expand=(_one_way(further, there, deep - 1),), written=written))
    return Expand(way=way, options=_nested(inner, there, deep - 1))


def _nested(inner: Piece | None, of: Entity, deep: int) -> Options:
    if inner is None:
        return Options()
    pairs = []
    for piece in pieces(inner.text, ";", inner.at, "$expand"):
        name, equals, value = piece.text.partition("=")
        if not equals or name.strip() not in _NESTED:
            raise FilterError(
                f"there are {'; '.join(sorted(_NESTED))} with = and a value", piece.at, "$expand"
            )
        lead = len(value) - len(value.lstrip())
        pairs.append((name.strip(), Piece(value.strip(), piece.at + len(name) + 1 + lead)))
    return _options(pairs, of, deep, within=True)


def _together(one: Expand, other: Expand, at: int) -> Expand:
    """Return a way that is named twice as one: ``Datastreams/Sensor,Datastreams/Thing``; told apart they would be two."""
    a, b = one.options, other.options
    bare = {"$expand"}
    if {name for name, _ in a.written} - bare and {name for name, _ in b.written} - bare:
        raise FilterError(f"{one.way.name} is given twice", at, "$expand")
    base = a if {name for name, _ in a.written} - bare else b
    merged: dict[str, Expand] = {e.way.name: e for e in a.expand}
    for expand in b.expand:
        name = expand.way.name
        merged[name] = _together(merged[name], expand, at) if name in merged else expand
    texts = [value for options in (a, b) for name, value in options.written if name == "$expand"]
    written = tuple(pair for pair in base.written if pair[0] != "$expand")
    if texts:
        written = (*written, ("$expand", ",".join(texts)))
    return Expand(way=one.way, options=replace(base, expand=tuple(merged.values()), written=written))
