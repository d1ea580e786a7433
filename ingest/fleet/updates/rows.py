"""Rows of roll-outs as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ingest.fleet.core.rollout import Course, Limits, Member, Stage
from ingest.fleet.updates.ports import Bundle, Rollout

ROLLOUT_COLUMNS = 13


def rollout_of(row: Sequence[Any]) -> Rollout:
    """Return a roll-out; see the query ``running``."""
    (
        rollout_id,
        stages,
        limits,
        stage,
        stage_at,
        forgiven_at,
        state,
        bundle_id,
        serial,
        version,
        size,
        manifest,
        kinds,
    ) = row
    course = Course(
        rollout_id=rollout_id,
        stages=tuple(msgspec.convert(one, Stage) for one in stages),
        limits=msgspec.convert(limits, Limits),
        stage=stage,
        stage_at=stage_at,
        forgiven_at=forgiven_at,
    )
    bundle = Bundle(
        bundle_id=bundle_id,
        serial=serial,
        version=version,
        size=size,
        unpacked=unpacked(manifest),
        kinds=tuple(kinds),
        min_serial=manifest.get("min_serial", 0),
        against=manifest.get("against", 0),
    )
    return Rollout(course=course, bundle=bundle, state=state)


def unpacked(manifest: Mapping[str, Any]) -> int:
    """Return what the files of a manifest take on a device [B]."""
    return sum(int(file["size"]) for file in manifest["files"])


def member_of(row: Sequence[Any]) -> Member:
    """Return a member; see the query ``members``."""
    name, state, stage, attempt, offered_at, changed_at, answered_at = row
    return Member(
        device=name,
        state=state,
        stage=stage,
        attempt=attempt,
        offered_at=offered_at,
        changed_at=changed_at,
        answered_at=answered_at,
    )
