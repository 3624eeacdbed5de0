"""`make bench-feed`: reads of the change feed, and its cost for writers."""
