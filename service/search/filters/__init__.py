"""The filter language: from a query string to a filter, and from a filter to SQL or to a verdict on one event."""
