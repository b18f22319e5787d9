"""Benchmarks of the running server: ``make bench``. Never part of the tests, for machines are noisy."""
