"""Text analysis: from a text to terms, and from a search to a tsquery."""
