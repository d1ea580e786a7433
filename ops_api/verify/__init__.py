"""Proof of durability: the whole chain under faults, counted to the message."""
