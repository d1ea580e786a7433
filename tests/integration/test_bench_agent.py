"""The benchmark of the agent's footprint, in small: every figure is there, and every reading arrived."""

from __future__ import annotations

import argparse

from bench.agent import footprint


def test_a_short_day() -> None:
    parser = argparse.ArgumentParser()
    footprint.add_options(parser)
    words = "--readings 10 --cadence-s 0.05 --idle-s 1 --held 50 --starts 1"
    report = footprint.run(parser.parse_args(words.split()))
    figures = report["figures"]
    assert report["within"]["memory_mb"], figures
    assert figures["a_reading"]["written_bytes"] > 1000
    assert figures["a_day"]["cpu_s"] > 0.0
    assert 0 < figures["bare_imports"]["memory_mb"] < figures["a_day"]["memory_mb"] < 60
    assert figures["full_outbox"]["entries"] == 50
