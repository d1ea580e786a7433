"""Bins for ``bench bins``: traces with the truth beside, rules to compare, scores."""
