"""Imports in bulk, for the API and the command: bytes to lines, lines to rows, rows to batches, batches to events."""
