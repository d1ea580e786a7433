"""Pure part of ingest: no I/O, no clock, no logging; time is an argument."""
