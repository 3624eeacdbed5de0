"""Queries over the real trackers with their wanted answers, and the titles of the trackers as queries."""
