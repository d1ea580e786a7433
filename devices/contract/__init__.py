"""The contract between devices and server: quantities, kinds, topics, messages, codecs.

Pure: no I/O, no clock, no logging, nothing of the kernel. It runs on a Raspberry Pi
and on the server alike.
"""
