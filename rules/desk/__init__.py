"""The alarm desk: what people do with alarms, and who is told when nobody does."""
