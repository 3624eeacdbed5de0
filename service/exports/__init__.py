"""File formats of events: iterators in, bytes out."""
