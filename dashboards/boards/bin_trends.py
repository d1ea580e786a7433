"""Bins over weeks and months: emptyings, overflow, how fast they fill, what the ledger says."""

# ruff: noqa: S608 - SQL put together from this file's own constants

from __future__ import annotations

from dashboards.board import BoardSpec, Page, Section
from dashboards.catalogue import PERCENT
from dashboards.choices import BIN_PAGE, STREAM
from dashboards.meanings import VERDICT
from dashboards.panels import BAD, GOOD, WARN, Way, columns, lines, number, rows
from dashboards.zone import local_day, local_week, midnight

EMPTYINGS = (
    "board.bin_emptying e join bin_site b using (bin_id) where b.stream in ($stream) and $__timeFilter(e.at)"
)
OVERFLOWS = "board.bin_overflow o join bin_site b using (bin_id) where b.stream in ($stream) and $__timeFilter(o.ended_at)"
DAYS = "extract(epoch from $__timeTo()::timestamptz - $__timeFrom()::timestamptz) / 86400"

PER_DAY = f"""
select {local_day("e.at")} as "time", b.stream as metric, count(*) as value from {EMPTYINGS} group by 1, 2 order by 1, 2
"""

FILL_AT = f"""
select {local_day("e.at")} as "time", percentile_cont(0.1) within group (order by e.before_pct) as "a tenth below",
       percentile_cont(0.5) within group (order by e.before_pct) as middle,
       percentile_cont(0.9) within group (order by e.before_pct) as "a tenth above"
  from {EMPTYINGS} and e.before_pct is not null group by 1 order by 1
"""

TOO_EARLY = f"""
select 100.0 * count(*) filter (where e.before_pct < 50) / nullif(count(*), 0) from {EMPTYINGS} and e.before_pct is not null
"""

OVERFLOW_PER_DAY = f"""
select {local_day("o.ended_at")} as "time", b.stream as metric, sum(o.minutes) as value from {OVERFLOWS} group by 1, 2 order by 1, 2
"""

OVERFLOW_PER_BIN_DAY = f"""
select sum(o.minutes) / nullif((select count(*) from bin_site where stream in ($stream)) * {DAYS}, 0) from {OVERFLOWS}
"""

WORST = f"""
select b.label as bin, b.street, count(*) as overflows, sum(o.minutes) as overflowing, max(o.ended_at) as latest, b.bin_id as id
  from {OVERFLOWS} group by b.bin_id, b.label, b.street order by overflowing desc, b.label limit 50
"""

# What emptyings of a week took out of all bins of a stream is what came in, but for what is in them at its ends.
DAYS_TO_FULL = f"""
select x.week as "time", x.stream as metric,
       100 * s.bins * extract(epoch from least(x.week + interval '7 days', $__timeTo()::timestamptz)
                                        - greatest(x.week, $__timeFrom()::timestamptz)) / 86400 / x.taken_pct as value
  from (select {local_week("e.at")} as week, b.stream, sum(e.before_pct - coalesce(e.after_pct, 0)) as taken_pct
          from {EMPTYINGS} and e.before_pct is not null group by 1, 2) x
  join (select stream, count(*) as bins from bin_site group by stream) s using (stream)
 where x.taken_pct > 0 order by 1, 2
"""

NOW_TO_FULL = """
select case when x.days < 1 then 'today' when x.days < 2 then '1 day' when x.days < 3 then '2 days' when x.days < 5 then '3–4 days'
            when x.days < 8 then '5–7 days' else 'longer' end as "full in", count(*) as bins
  from (select greatest(0, extract(epoch from (s.state -> 'outlook' ->> 'full_at')::timestamptz - s.at)) / 86400 as days
          from board.subject_state s join bin_site b on b.bin_id = s.subject
         where s.subject_kind = 'bin' and b.stream in ($stream) and s.state -> 'outlook' ->> 'full_at' is not null) x
 group by 1 order by min(x.days)
"""

FASTEST = """
select b.label as bin, b.street, (s.state -> 'outlook' ->> 'rate_pct_day')::double precision as "a day",
       (s.state ->> 'fill_pct')::double precision as now, (s.state -> 'outlook' ->> 'full_at')::timestamptz as "full at", b.bin_id as id
  from board.subject_state s join bin_site b on b.bin_id = s.subject
 where s.subject_kind = 'bin' and b.stream in ($stream) and s.state -> 'outlook' ->> 'rate_pct_day' is not null
 order by 3 desc, 1 limit 50
"""

MONTH_AFTER = "(l.month + interval '1 month')"
LEDGER_SPAN = f"{midnight('l.month')} <= $__timeTo()::timestamptz and {midnight(MONTH_AFTER)} > $__timeFrom()::timestamptz"
LEDGER = f"""
select to_char(l.month, 'YYYY-MM') as month, l.name as figure, l.actual as was, l.fixed as "fixed days", l.difference,
       l.low as "from", l.high as "to", l.verdict, l.unit
  from board.bin_ledger l where {LEDGER_SPAN} order by l.month desc, l.name limit 400
"""
COSTS = """
select to_char(l.month, 'YYYY-MM') as month, l.actual as was, l.fixed as "fixed days"
  from board.bin_ledger l where l.key = 'in_all' and l.actual is not null order by l.month desc limit 24
"""
ANSWER = "select distinct on (l.month) to_char(l.month, 'YYYY-MM') as month, l.answer from board.bin_ledger l order by l.month desc limit 12"

MONTH_PAGE = Way("The month's statement", "${web}/bins/ledger?month=${__data.fields.month}")

BOARD = BoardSpec(
    uid="cityops-bin-trends",
    title="Bins: trends",
    description="Emptyings, overflow, how fast bins fill, and the savings ledger month by month. Days are the council's.",
    page=Page("Savings ledger", "/bins/ledger"),
    period="now-90d",
    refresh="1h",
    variables=(STREAM,),
    incidents_of=("bins",),
    related=(("cityops-bins", "Today"), ("cityops-fleet", "Health of the devices")),
    sections=(
        Section(
            "",
            (
                (
                    number("Emptyings", f"select count(*) from {EMPTYINGS}", width=6),
                    number(
                        "Less than half full",
                        TOO_EARLY,
                        description="Of emptyings whose level before is known.",
                        unit=PERCENT,
                        decimals=0,
                        steps=((None, GOOD), (20, WARN), (40, BAD)),
                        empty="not known",
                        width=6,
                    ),
                    number(
                        "Overflow, minutes a bin and day",
                        OVERFLOW_PER_BIN_DAY,
                        decimals=1,
                        steps=((None, GOOD), (15, WARN), (60, BAD)),
                        empty="no overflow",
                        width=6,
                    ),
                    number("Overflows", f"select count(*) from {OVERFLOWS}", width=6),
                ),
                (
                    lines("Emptyings a day", PER_DAY, unit="short", bars=True, stacked=True),
                    lines("Overflow a day", OVERFLOW_PER_DAY, unit="m", bars=True, stacked=True),
                ),
            ),
        ),
        Section(
            "How fast they fill",
            (
                (
                    lines(
                        "Days from empty to full",
                        DAYS_TO_FULL,
                        description="By what emptyings took out of all bins of a stream in a week; a Monday to the next.",
                        unit="d",
                        soft_range=(0.0, None),
                    ),
                    lines("Level before emptying", FILL_AT, unit=PERCENT, soft_range=(0.0, 100.0)),
                ),
                (
                    columns(
                        "Full in", NOW_TO_FULL, x="full in", description="As the outlook says now.", width=8
                    ),
                    rows(
                        "Fill fastest",
                        FASTEST,
                        units={"a day": PERCENT, "now": PERCENT},
                        ways={"bin": BIN_PAGE},
                        empty="no outlook yet",
                        width=8,
                    ),
                    rows(
                        "Overflowed longest",
                        WORST,
                        units={"overflowing": "m", "latest": "dateTimeFromNow"},
                        ways={"bin": BIN_PAGE},
                        empty="no overflow in this period",
                        width=8,
                    ),
                ),
            ),
        ),
        Section(
            "Savings ledger",
            (
                (
                    columns("Cost by month", COSTS, x="month", unit="currencyGBP", width=8),
                    rows(
                        "Did the sensors save anything?",
                        ANSWER,
                        ways={"month": MONTH_PAGE},
                        empty="no month has a statement yet: cityops bins schedule set",
                        width=16,
                    ),
                ),
                (
                    rows(
                        "Figures by month",
                        LEDGER,
                        meanings={"verdict": VERDICT},
                        unknown={"was": "not known", "fixed days": "not known", "difference": "not known"},
                        ways={"month": MONTH_PAGE},
                        empty="no statement of this period",
                        width=24,
                        height=12,
                    ),
                ),
            ),
        ),
    ),
)
