"""Broker to database: readings are decoded, checked, stored once and receipted."""
