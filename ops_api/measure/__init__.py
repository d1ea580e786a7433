"""Measuring on this machine what cityops claims: rates beside a baseline, and agreement with references.

Here and not in the benchmarks' folder, because ``cityops bench`` must work where only the package is installed.
"""
