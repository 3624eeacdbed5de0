"""Finding events: the filter language, the analysis of words, ranking and what is counted beside a list."""
