"""Ranking of matching events, and its explanation."""
