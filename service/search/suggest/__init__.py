"""Suggestions while a user types, and spelling corrections."""
