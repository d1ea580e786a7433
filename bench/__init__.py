"""Benchmarks: CPU per item against a baseline of the same run. See docs/benchmarks.md."""
