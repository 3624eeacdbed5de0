"""Synonyms of searches: acronyms from the events, labels of topics, and a file of the operator."""
