"""Telling people: the outbox's workers and the channels."""
