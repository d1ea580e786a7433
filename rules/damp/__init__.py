"""The damp analyst: follows what was stored, works out homes' days, events and findings beside the engine."""
