"""Whole trackers in and out: `make bench-bulk`."""
