"""Readings as rows of observations: SQL of one kind's, beside a datastream. Pure.

Every name comes from a declared kind. The caller has a datastream ``d`` with its columns ``kind``, ``field``, ``device_id``,
``feature_id``; which readings there are decides the search path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps

from devices.contract.kind import Field, Kind
from ops_api.sensorthings.core import ids
from ops_api.sensorthings.core.kinds import MADE, moves

COLUMNS = (
    "observation_id",
    "datastream_id",
    "ts",
    "result",
    "received_at",
    "result_quality",
    "valid_since",
    "valid_until",
    "parameters",
    "feature_id",
)
KEPT_MOST = 200
"""Texts of kinds that are kept."""
_EXTRA = "left join sta_extra e on e.datastream_id = {stream}.datastream_id and e.ts = r.ts"


def _value(field: Field) -> str:
    """Return a field as the device sent it: on a binary step to the resolution, else to a hundredth of it (docs/adr/010)."""
    column = f'r."{field.name}"::double precision'
    if field.step is None:
        return f'r."{field.name}"::text::double precision' if field.storage == "real" else column
    coarse, fine = 10.0**field.decimals, 10.0 ** (field.decimals + 2)
    on_step = f"{column} / {field.step!r} = floor({column} / {field.step!r})"
    return (
        f"case when {on_step} then round({column} * {coarse!r}) / {coarse!r}"
        f" else round({column} * {fine!r}) / {fine!r} end"
    )


def value(kind: Kind, stream: str) -> str:
    """Return the result of the datastream's field; null where the reading has none."""
    branches = " ".join(f"when '{field.name}' then {_value(field)}" for field in kind.fields)
    return f"case {stream}.field {branches} end"


_Text = Callable[..., str]


def _once(write: _Text) -> _Text:
    """Return the same, which writes the words of a kind once: some hundred microseconds, five and more times a request."""
    kept: dict[tuple[object, ...], tuple[Kind, str]] = {}

    @wraps(write)
    def written(kind: Kind, *names: str) -> str:
        key = (id(kind), *names)
        found = kept.get(key)
        if found is None or found[0] is not kind:
            if len(kept) >= KEPT_MOST:
                kept.clear()
            found = kept[key] = (kind, write(kind, *names))
        return found[1]

    return written


@_once
def present(kind: Kind, stream: str, row: str = "r") -> str:
    """Return whether a reading ``row`` has a result for the datastream."""
    always = ", ".join(f"'{field.name}'" for field in kind.fields if field.required)
    branches = " ".join(
        f"when '{field.name}' then {row}.\"{field.name}\" is not null"
        for field in kind.fields
        if not field.required
    )
    if not branches:
        return "true"
    return f"(case {stream}.field {branches} else {'true' if always else 'false'} end)"


def _parameters(kind: Kind) -> str:
    quality = "case when r.quality <> 0 then jsonb_build_object('quality', r.quality) end"
    if not moves(kind):
        return quality
    place = "jsonb_build_object('latitude_deg', r.latitude_deg, 'longitude_deg', r.longitude_deg)"
    return f"{place} || coalesce({quality}, '{{}}')"


@_once
def columns(kind: Kind, stream: str = "d") -> str:
    """Return a row ``r`` of readings, with what stands beside it as ``e``, as the columns of an observation."""
    made = kind.name == MADE
    return ", ".join(
        (
            f"{ids.SQL.format(stream=stream, row='r')} as observation_id",
            f"{stream}.datastream_id",
            "r.ts",
            f"{value(kind, stream)} as result",
            "coalesce(e.result_time, r.received_at) as received_at" if made else "r.received_at",
            f"{'e.quality' if made else 'null::jsonb'} as result_quality",
            f"{'e.valid_since' if made else 'null::timestamptz'} as valid_since",
            f"{'e.valid_until' if made else 'null::timestamptz'} as valid_until",
            f"{'e.parameters' if made else _parameters(kind)} as parameters",
            f"coalesce(e.feature_id, {stream}.feature_id) as feature_id" if made else f"{stream}.feature_id",
        )
    )


def with_extra(kind: Kind, stream: str = "d") -> str:
    """Return the join to what stands beside a reading, where anything may."""
    return f" {_EXTRA.format(stream=stream)}" if kind.name == MADE else ""


def select(kind: Kind, stream: str = "d") -> str:
    """Return what stands between ``select`` and the conditions: a row ``r`` of readings as an observation."""
    return f'{columns(kind, stream)} from "{kind.table}" r{with_extra(kind, stream)}'


def beside(kind: Kind, span: str, stream: str = "d") -> str:
    """Return readings of a datastream's device as observations; ``span`` is a condition of ``r.ts``, or ``true``."""
    where = f"{stream}.kind = '{kind.name}' and r.device_id = {stream}.device_id and {present(kind, stream)} and {span}"
    return f"select {select(kind, stream)} where {where}"


def relations(kinds: Iterable[Kind], text: str) -> str:
    """Return the beginning of a query that uses names which are no relations: all observations, and times of datastreams.

    Args:
        kinds: those that there are datastreams of.
        text: the query; what does not stand in it is left out.
    """
    listed = list(kinds)
    parts = []
    if "sta_observation" in text:
        each = " union all ".join(
            f"select {select(kind)} join sta_datastream d on d.device_id = r.device_id and d.kind = '{kind.name}'"
            f" where {present(kind, 'd')}"
            if kind.name != MADE
            else _made(kind)
            for kind in listed
        )
        parts.append(f"sta_observation as not materialized ({each or NONE})")
    if any(name in text for name in TIMES):
        parts.insert(0, f"sta_datastream as not materialized ({_times(listed)})")
    return f"with {', '.join(parts)} " if parts else ""


NONE = (
    "select null::bigint as observation_id, null::integer as datastream_id, null::timestamptz as ts, null::double precision as result,"
    " null::timestamptz as received_at, null::jsonb as result_quality, null::timestamptz as valid_since,"
    " null::timestamptz as valid_until, null::jsonb as parameters, null::integer as feature_id where false"
)
"""No observation at all, with its columns."""


def _made(kind: Kind) -> str:
    # The datastream stands before its readings, for the extra beside them.
    inner = select(kind).replace(
        f'from "{kind.table}" r',
        f'from sta_datastream d join "{kind.table}" r'
        f" on r.device_id = d.device_id and d.kind = '{kind.name}'",
    )
    return f"select {inner} where {present(kind, 'd')}"


TIMES: Mapping[str, tuple[str, str]] = {
    "phenomenon_since": ("r.ts", ""),
    "phenomenon_until": ("r.ts", " desc"),
    "result_since": ("r.received_at", ""),
    "result_until": ("r.received_at", " desc"),
}


def times(kinds: Iterable[Kind], stream: str, name: str) -> str:
    """Return when a datastream's first or newest observation was, or came: one step in an index."""
    column, way = TIMES[name]
    branches = " ".join(f"when '{kind.name}' then {_time(kind, stream, column, way)}" for kind in kinds)
    return f"case {stream}.kind {branches} end" if branches else "null::timestamptz"


def _time(kind: Kind, stream: str, column: str, way: str) -> str:
    spans = ["true"]
    if may_lack(kind):
        spans = list(newest(stream)) if way else [f"r.ts >= coalesce({stream}.seen_since, '-infinity')"]
    found = ", ".join(
        f'(select {column} from "{kind.table}" r where r.device_id = {stream}.device_id'  # noqa: S608
        f" and {present(kind, stream)} and {span} order by r.ts{way} limit 1)"
        for span in spans
    )
    return found if len(spans) == 1 else f"coalesce({found})"


def may_lack(kind: Kind) -> bool:
    """Whether a reading may lack a result, so that the newest of a datastream is not its device's newest reading."""
    return any(not field.required for field in kind.fields)


def newest(stream: str) -> tuple[str, str]:
    """Return where in time a datastream's newest observations are looked for, as conditions of ``r.ts``, the later first.

    Nothing lies between the two. First what came since it was last looked when a field was there, then what is known of: of a field
    that has long not been sent, all readings since would be read otherwise. Of what nobody knows the first is nothing, the second all.
    """
    # No bound on the other side: the planner takes a span between two for a short one, reads it whole and sorts it.
    return f"r.ts > {stream}.fresh_from", f"r.ts <= coalesce({stream}.seen_until, 'infinity')"


def _times(kinds: list[Kind]) -> str:
    found = ", ".join(f"{times(kinds, 's', name)} as {name}" for name in TIMES)
    return f"select s.*, {found} from sta_datastream s"  # noqa: S608
