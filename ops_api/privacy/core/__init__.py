"""Declarations and reports without a database."""
