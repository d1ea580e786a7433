"""What a household can do about damp, computed from its own air: never canned, never blame. Pure."""
