"""Decoders of ours, one file per maker. Each gives a value or a DecodeError, whatever the bytes."""
