"""The damp analyst: days, moisture events and findings of a home from stored readings. Pure."""
