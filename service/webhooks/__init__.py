"""Telling others: the sequencer, the matcher and the webhook worker."""
