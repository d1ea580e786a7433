"""Benchmarks of the front door."""
