"""Winter service beyond the engine."""
