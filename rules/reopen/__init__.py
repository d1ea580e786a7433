"""Judges again what late readings might have changed, and says so beside it."""
