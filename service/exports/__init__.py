"""The forms that many events can be had in: iterators in, bytes out."""
