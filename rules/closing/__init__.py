"""Keeps closures of roads, and notes of what closing one would do."""
