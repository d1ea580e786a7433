"""The legal clock of social housing in England: limits, working days, where a case stands, whom to remind.

Information, not advice. Source of the limits: ``rules/catalogue/law/hazards_2025.toml``.
"""

from __future__ import annotations

from rules.core.legal_clock.judge import judge_case, standing
from rules.core.legal_clock.law import BankHolidays, Law
from rules.core.legal_clock.model import CaseEvent, CaseKind, CaseState, EventKind, Step, StepName
from rules.core.legal_clock.remind import Reminder, reminders
from rules.core.legal_clock.working_days import HolidaysUnknownError, WorkingDays

__all__ = [
    "BankHolidays",
    "CaseEvent",
    "CaseKind",
    "CaseState",
    "EventKind",
    "HolidaysUnknownError",
    "Law",
    "Reminder",
    "Step",
    "StepName",
    "WorkingDays",
    "judge_case",
    "reminders",
    "standing",
]
