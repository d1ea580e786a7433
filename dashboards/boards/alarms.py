"""Alarms and response times: what is open and for how long, how soon alarms are answered and end, who was told."""

# ruff: noqa: S608 - SQL put together from this file's own constants

from __future__ import annotations

from dashboards.board import BoardSpec, Page, Section
from dashboards.choices import ALARM_PAGE, ALARMS, AREA, GRADE
from dashboards.meanings import NONE_IS_FINE, NONE_IS_GOOD, SEVERITY
from dashboards.panels import BAD, GOOD, WARN, Way, columns, lines, number, rows
from dashboards.zone import local_day

CHOSEN = "split_part(a.rule_id, '.', 1) in ($area) and a.severity in ($severity)"
OPEN = f"board.alarm a where a.cleared_at is null and {CHOSEN}"
RAISED = f"board.alarm_response a where $__timeFilter(a.raised_at) and {CHOSEN}"

TO_ANSWER = "extract(epoch from a.first_answer_at - a.raised_at)"
TO_CLEAR = "extract(epoch from a.cleared_at - a.raised_at)"

OPEN_BY_AGE = f"""
select case when o.age < interval '1 hour' then 'under 1 h' when o.age < interval '4 hours' then '1–4 h'
            when o.age < interval '1 day' then '4–24 h' when o.age < interval '7 days' then '1–7 days' else 'over 7 days' end as age,
       count(*) filter (where o.severity = 'critical') as critical, count(*) filter (where o.severity = 'major') as major,
       count(*) filter (where o.severity = 'warning') as warning, count(*) filter (where o.severity = 'info') as info
  from (select now() - a.raised_at as age, a.severity from {OPEN}) o group by 1 order by min(o.age)
"""

WAITING = f"""
select a.alarm_id as number, a.severity, a.title as alarm, a.subject, a.raised_at as since, a.rule_id as rule, a.reason
  from {OPEN} and a.acknowledged_at is null
 order by array_position(array['critical', 'major', 'warning', 'info'], a.severity), a.raised_at limit 200
"""

BY_DAY = f"""
select {local_day("a.raised_at")} as "time", a.severity as metric, count(*) as value
  from board.alarm a where $__timeFilter(a.raised_at) and {CHOSEN} group by 1, 2 order by 1, 2
"""

ANSWER_BY_DAY = f"""
select {local_day("a.raised_at")} as "time", percentile_cont(0.5) within group (order by {TO_ANSWER}) as middle,
       percentile_cont(0.9) within group (order by {TO_ANSWER}) as "a tenth slower"
  from {RAISED} and a.first_answer_at is not null group by 1 order by 1
"""

BY_RULE = f"""
select a.rule_id as rule, a.severity, count(*) as alarms, count(a.first_answer_at) as answered,
       percentile_cont(0.5) within group (order by {TO_ANSWER}) filter (where a.first_answer_at is not null) as "to answer",
       percentile_cont(0.9) within group (order by {TO_ANSWER}) filter (where a.first_answer_at is not null) as "a tenth slower",
       percentile_cont(0.5) within group (order by {TO_CLEAR}) filter (where a.cleared_at is not null) as "to clear",
       count(*) filter (where a.cleared_at is null) as open, sum(a.escalations)::bigint as escalations,
       count(*) filter (where a.verdict = 'false_alarm') as "false alarms"
  from {RAISED} group by a.rule_id, a.severity order by alarms desc, 1, 2 limit 200
"""

SLOWEST = f"""
select a.alarm_id as number, a.severity, a.rule_id as rule, a.raised_at as raised, {TO_ANSWER} as "to answer", a.escalations
  from {RAISED} and a.first_answer_at is not null order by 5 desc, 1 limit 50
"""

ESCALATIONS = f"""
select {local_day("a.raised_at")} as "time", split_part(a.rule_id, '.', 1) as metric, sum(a.escalations)::bigint as value
  from {RAISED} group by 1, 2 order by 1, 2
"""

MESSAGES = """
select m.channel, m.state, count(*) as messages, percentile_cont(0.5) within group (order by extract(epoch from m.sent_at - m.created_at))
         filter (where m.sent_at is not null) as "middle time to send", max(m.created_at) as latest
  from board.message m where $__timeFilter(m.created_at) group by 1, 2 order by 1, 2
"""

UNDELIVERED = "select count(*) from board.message m where $__timeFilter(m.created_at) and m.state in ('failed', 'unknown', 'expired')"


def _answered(share: float) -> str:
    return (
        f"select percentile_cont({share}) within group (order by {TO_ANSWER}) from {RAISED}"
        " and a.first_answer_at is not null and a.severity in ('major', 'critical')"
    )


NOW = Section(
    "Now",
    (
        (
            number("Open", f"select count(*) from {OPEN}", steps=NONE_IS_FINE, way=ALARMS),
            number(
                "Unanswered",
                f"select count(*) from {OPEN} and a.acknowledged_at is null",
                steps=NONE_IS_GOOD,
                way=ALARMS,
            ),
            number(
                "Severe alarms answered within",
                _answered(0.5),
                description="The middle of severe alarms of the period, from raised to first taken in hand.",
                unit="s",
                decimals=0,
                steps=((None, GOOD), (900, WARN), (1800, BAD)),
                empty="none answered",
            ),
            number(
                "A tenth took longer than",
                _answered(0.9),
                unit="s",
                decimals=0,
                steps=((None, GOOD), (1800, WARN), (3600, BAD)),
                empty="none answered",
            ),
            number(
                "Escalations",
                f"select coalesce(sum(a.escalations), 0)::bigint from {RAISED}",
                steps=NONE_IS_FINE,
            ),
            number(
                "Messages that did not arrive",
                UNDELIVERED,
                description="Failed, expired, or of which nobody knows.",
                steps=NONE_IS_GOOD,
                way=Way("Messages", "${web}/notifications"),
            ),
        ),
        (
            columns("Open by age", OPEN_BY_AGE, x="age", width=8),
            rows(
                "Nobody has it in hand",
                WAITING,
                meanings={"severity": SEVERITY},
                units={"since": "dateTimeFromNow"},
                ways={"number": ALARM_PAGE, "alarm": ALARM_PAGE},
                empty="every open alarm is in somebody's hands",
                width=16,
            ),
        ),
    ),
)

PERIOD = Section(
    "In the period",
    (
        (
            lines("Alarms raised a day", BY_DAY, unit="short", bars=True, stacked=True, width=8),
            lines(
                "Time to answer, by the day raised", ANSWER_BY_DAY, unit="s", soft_range=(0.0, None), width=8
            ),
            lines("Escalations a day", ESCALATIONS, unit="short", bars=True, stacked=True, width=8),
        ),
        (
            rows(
                "By rule and severity",
                BY_RULE,
                meanings={"severity": SEVERITY},
                units={"to answer": "s", "a tenth slower": "s", "to clear": "s"},
                unknown={"to answer": "none", "a tenth slower": "none", "to clear": "none"},
                empty="no alarm in this period",
                width=24,
                height=10,
            ),
        ),
        (
            rows(
                "Slowest answers",
                SLOWEST,
                meanings={"severity": SEVERITY},
                units={"to answer": "s"},
                ways={"number": ALARM_PAGE},
                empty="no answered alarm in this period",
            ),
            rows(
                "Messages",
                MESSAGES,
                units={"middle time to send": "s", "latest": "dateTimeFromNow"},
                unknown={"middle time to send": "not sent"},
                empty="no message in this period",
            ),
        ),
    ),
)

BOARD = BoardSpec(
    uid="cityops-alarms",
    title="Alarms: how soon are they answered",
    description="Open alarms by age, time to answer and to clear by rule and severity, escalations, messages.",
    page=Page("Alarms page", "/alarms"),
    period="now-30d",
    refresh="1m",
    variables=(AREA, GRADE),
    related=(("cityops-city", "City now"), ("cityops-platform", "Does everything arrive")),
    sections=(NOW, PERIOD),
)
