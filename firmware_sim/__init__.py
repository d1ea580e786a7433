"""Simulated firmware: the real agent on simulated drivers, and replays of files."""
