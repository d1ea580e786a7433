"""Wire formats of a reading."""
