"""What the grammar takes, what it makes of it, and the place of what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from ops_api.sensorthings.core import parse as limits
from ops_api.sensorthings.core.ast import And, Arithmetic, Compare, Lambda, Literal, Not, Or, Path
from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.parse import parse, parse_orders
from ops_api.sensorthings.core.types import Type


def shape(text: str) -> str:
    """Return a tree in brackets, operators first."""

    def of(node: object) -> str:
        match node:
            case Or(parts=parts) | And(parts=parts):
                return f"({type(node).__name__.lower()} {' '.join(map(of, parts))})"
            case Not(part=part):
                return f"(not {of(part)})"
            case Compare(op=op, left=left, right=right) | Arithmetic(op=op, left=left, right=right):
                return f"({op} {of(left)} {of(right)})"
            case Lambda():
                word = "all" if node.every else "any"
                return f"({word} {'/'.join(node.names)} {node.variable} {of(node.body)})"
            case Path(names=names):
                return "/".join(names)
            case Literal(value=value):
                return str(value)
        return f"{node.name}({', '.join(map(of, node.args))})" if node is not None else "-"  # type: ignore[attr-defined]

    return of(parse(text))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a eq 1", "(eq a 1)"),
        ("a eq 1 or(b eq 2)", "(or (eq a 1) (eq b 2))"),
        ("(a eq 1)and(b eq 2)", "(and (eq a 1) (eq b 2))"),
        ("a eq 1 or b eq 2 and c eq 3", "(or (eq a 1) (and (eq b 2) (eq c 3)))"),
        ("(a eq 1 or b eq 2) and c eq 3", "(and (or (eq a 1) (eq b 2)) (eq c 3))"),
        ("not a eq 1 and b eq 2", "(and (not (eq a 1)) (eq b 2))"),
        ("not (a eq 1 and b eq 2)", "(not (and (eq a 1) (eq b 2)))"),
        ("not not true", "(not (not True))"),
        ("or eq 1", "(eq or 1)"),
        ("android eq 1 and order eq 2", "(and (eq android 1) (eq order 2))"),
        ("note eq nullable", "(eq note nullable)"),
        ("a add b mul c sub d eq 1", "(eq (sub (add a (mul b c)) d) 1)"),
        ("a sub b sub c eq 1", "(eq (sub (sub a b) c) 1)"),
        ("-a gt -5", "(gt (mul -1 a) -5)"),
        ("--5 eq 5", "(eq 5 5)"),
        ("a/b/c ne null", "(ne a/b/c None)"),
        ("@iot.id eq 1", "(eq @iot.id 1)"),
        ("properties/my-key/größe eq 1", "(eq properties/my-key/größe 1)"),
        ("substring( name , 1,2 ) eq 'x'", "(eq substring(name, 1, 2) x)"),
        ("now() gt mindatetime()", "(gt now() mindatetime())"),
        ("geo.intersects(location,geography'POINT(1 2)')", "geo.intersects(location, POINT(1 2))"),
        ("D/any(d:d/name eq 'x')", "(any D d (eq d/name x))"),
        ("A/D/all(d : d/any/any(e:e/x eq 1))", "(all A/D d (any d/any e (eq e/x 1)))"),
        ("D/any()", "(any D  -)"),
        ("any eq 1 and all eq 2", "(and (eq any 1) (eq all 2))"),
        ("name eq 'a '' b'", "(eq name a ' b)"),
        ("name eq ''", "(eq name )"),
        ("name\teq\n'x'", "(eq name x)"),
    ],
)
def test_operators_bind_as_odata_says(text: str, tree: str) -> None:
    assert shape(text) == tree


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1", Type.WHOLE, 1),
        ("9223372036854775807", Type.WHOLE, 2**63 - 1),
        ("9223372036854775808", Type.NUMBER, 2.0**63),
        ("1.50", Type.NUMBER, 1.5),
        ("1e3", Type.NUMBER, 1000.0),
        ("-2.5E-1", Type.NUMBER, -0.25),
        ("true", Type.BOOL, True),
        ("null", Type.NULL, None),
        ("'it''s'", Type.TEXT, "it's"),
        ("2026-01-09", Type.DATE, date(2026, 1, 9)),
        ("05:10", Type.CLOCK, time(5, 10)),
        ("05:10:01.5", Type.CLOCK, time(5, 10, 1, 500_000)),
        ("2026-01-09T05:10:00Z", Type.TIME, datetime(2026, 1, 9, 5, 10, tzinfo=UTC)),
        ("2026-01-09T05:10Z", Type.TIME, datetime(2026, 1, 9, 5, 10, tzinfo=UTC)),
        ("2026-01-09T05:10:00.123456789Z", Type.TIME, datetime(2026, 1, 9, 5, 10, 0, 123_456, tzinfo=UTC)),
        (
            "2026-01-09T05:10:00+01:30",
            Type.TIME,
            datetime(2026, 1, 9, 5, 10, tzinfo=timezone(timedelta(minutes=90))),
        ),
        (
            "2026-01-09T05:10:00 01:30",
            Type.TIME,
            datetime(2026, 1, 9, 5, 10, tzinfo=timezone(timedelta(minutes=90))),
        ),
        ("duration'PT1H30M'", Type.DURATION, timedelta(minutes=90)),
        ("duration'-P1DT0.5S'", Type.DURATION, -timedelta(days=1, seconds=0.5)),
        ("-duration'P1W'", Type.DURATION, -timedelta(days=7)),
        (
            "2026-01-09T00:00:00Z/2026-01-10T00:00:00+01:00",
            Type.INTERVAL,
            (datetime(2026, 1, 9, tzinfo=UTC), datetime(2026, 1, 9, 23, tzinfo=UTC)),
        ),
        (
            "2026-01-09T00:00:00Z/P1DT1H",
            Type.INTERVAL,
            (datetime(2026, 1, 9, tzinfo=UTC), datetime(2026, 1, 10, 1, tzinfo=UTC)),
        ),
        ("geography'SRID=4326;Point (1 2)'", Type.GEO, "Point (1 2)"),
    ],
)
def test_a_written_value_is_read(text: str, kind: Type, value: object) -> None:
    found = parse(text)
    assert isinstance(found, Literal)
    assert (found.type, found.value) == (kind, value)


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, "too early"),
        ("   ", 3, "too early"),
        ("name eq", 7, "too early"),
        ("eq 1", 3, "not expected"),
        ("name eq 'x", 8, "not closed"),
        ("name eq 1 1", 10, "not expected"),
        ("name = 1", 5, "not understood"),
        ("name eq 1;drop table x", 9, "not understood"),
        ('name eq "x"', 8, "not understood"),
        ("((name eq 1)", 12, "too early"),
        ("name eq 1)", 9, "not expected"),
        ("name EQ 1", 5, "not expected"),
        ("name eq 1 AND id eq 1", 10, "not expected"),
        ("a eq b eq c", 7, "not expected"),
        ("D/any(d d/x eq 1)", 6, "not expected"),
        ("D/all()", 0, "each"),
        ("substring(name, 1", 17, "too early"),
        ("substring(, 1)", 10, "not expected"),
        ("a//b eq 1", 1, "not understood"),
        ("a/ eq 1", 1, "not understood"),
        ("a add not b eq 1", 6, "not expected"),
        ("a eq not b", 5, "not expected"),
        ("- not a", 2, "not expected"),
        ("a eq 1 eq 2", 7, "two sides"),
        ("/".join(["a"] * 21), 0, "20 names"),
        ("x eq 1e999", 5, "too large"),
        ("x eq 'a\x00b'", 7, "none"),
        ("x eq '\ud800'", 6, "none"),
        ("x eq 2026-02-30", 5, "no date"),
        ("x eq 25:00", 5, "no time of day"),
        ("x eq 2026-01-09T05:10:00", 5, "zone"),
        ("x eq 2026-01-09T24:00:00Z", 5, "no moment"),
        ("x eq 2026-01-09T05:10:00+99:00", 5, "no moment"),
        ("x eq 0001-01-01T00:00:00+01:00", 5, "no moment"),
        ("x eq 2026-01-09T05:10:61Z", 5, "no moment"),
        ("x eq 2026-01-09T05Z", 5, "no moment"),
        ("x eq duration'P1Y'", 14, "no duration"),
        ("x eq duration'P'", 14, "no duration"),
        ("x eq duration'PT'", 14, "no duration"),
        ("x eq duration'soon'", 14, "no duration"),
        ("x eq 2026-01-09T00:00:00Z/2026-01-08T00:00:00Z", 26, "ends before"),
        ("x eq 2026-01-09T00:00:00Z/P", 26, "no duration"),
        ("x eq 9999-12-31T00:00:00Z/P9999999D", 26, "no moment"),
        ("x eq 2026-01-09T00:00:00Z/2026-13-08T00:00:00Z", 26, "no moment"),
        ("geo.length(geography'POINT(1')", 21, "well-known"),
        ("geo.length(geography'POINT EMPTY')", 21, "without a point"),
        ("geo.length(geography'POINT(nan 1)')", 21, "no valid geometry"),
        ("geo.length(geography'POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))')", 21, "Self-intersection"),
        ("geo.length(geography'SRID=27700;POINT(1 2)')", 21, "character"),
        ("geo.length(geography'; drop table')", 21, "character"),
    ],
)
def test_what_is_refused_is_told_with_its_place(text: str, position: int, words: str) -> None:
    with pytest.raises(FilterError) as raised:
        parse(text)
    assert (raised.value.position, raised.value.option) == (position, "$filter")
    assert words in raised.value.message
    assert f"character {position + 1}" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a eq '" + "x" * limits.CHARACTERS + "'", "characters"),
        ("(" * 101 + "a eq 1" + ")" * 101, "brackets"),
        (" or ".join(["a eq 1"] * 67), "parts"),
        ("not " * 40 + "true", "levels"),
        ("1 add " * 60 + "1 eq 1", "levels"),
        (" and ".join(f"D/any(d{i}: d{i}/x eq 1)" for i in range(4)), "any"),
    ],
)
def test_what_is_larger_than_the_limits_is_refused(text: str, words: str) -> None:
    with pytest.raises(FilterError, match=words):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "a eq '" + "x" * (limits.CHARACTERS - 7) + "'",
        "(" * 100 + "a eq 1" + ")" * 100,
        " or ".join(["a eq 1"] * 66),
        "not " * 39 + "true",
        " and ".join(f"D/any(d{i}: d{i}/x eq 1)" for i in range(3)),
    ],
)
def test_what_is_just_within_the_limits_is_read(text: str) -> None:
    assert parse(text) is not None


def test_orders_have_a_way_each() -> None:
    orders = parse_orders("name desc, Thing/id asc,length(name), desc")
    assert [order.descending for order in orders] == [True, False, False, False]
    assert orders[3].by == Path(("desc",), 38)
    assert [order.position for order in orders] == [0, 11, 24, 38]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("name down", 5),
        ("name,", 5),
        ("name desc desc", 10),
        ("a" + ",a" * 10, 20),
        ("a,x eq 1e999", 7),
    ],
)
def test_an_order_that_is_none_is_refused_as_one(text: str, position: int) -> None:
    with pytest.raises(FilterError) as raised:
        parse_orders(text)
    assert (raised.value.option, raised.value.position) == ("$orderby", position)
