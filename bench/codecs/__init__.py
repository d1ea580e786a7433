"""Vendors' codecs: decodes a second, how fast a bad one is stopped, how many published ones work."""
