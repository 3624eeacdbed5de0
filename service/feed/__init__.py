"""The change feed: committed writes in sequence, read by cursor."""
