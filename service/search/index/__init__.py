"""The index terms of an event: words, facets, dates."""
