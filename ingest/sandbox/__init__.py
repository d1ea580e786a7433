"""Vendors' JavaScript codecs in a sandbox: limits on time, memory and size, and a process of their own (docs/codecs.md)."""
