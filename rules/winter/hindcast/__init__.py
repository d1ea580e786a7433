"""A past winter of one street through forecaster and rules, beside what was done."""
