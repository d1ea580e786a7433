"""The desk's watch over the platform itself: conditions by the wall clock, not by readings. Pure."""
