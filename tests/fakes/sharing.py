"""A home that shares its risk with the housing team, in one statement."""

from __future__ import annotations

SHARES_RISK = """
with who as (insert into resident (name) values ('Sam') returning resident_id),
lives as (
    insert into household_member (home_id, resident_id, from_at, joined_by)
    select h.home_id, resident_id, '-infinity', 'label' from who, home h where h.home_id = %s
    returning home_id, resident_id)
insert into consent (home_id, statistic, recipient_kind, recipient, from_at, given_by)
select home_id, 'risk', 'council', 'housing', '2020-01-01Z', resident_id from lives
"""
"""Somebody moves into the home with a number, and shares its risk."""
