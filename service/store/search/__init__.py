"""SQL of search: documents, conditions, ranking, suggestions."""

from service.store.search import (
    conditions,
    documents,
    facets,
    ranking,
    statistics,
    suggestion_index,
    suggestions,
    unranked,
    words,
)

__all__ = [
    "conditions",
    "documents",
    "facets",
    "ranking",
    "statistics",
    "suggestion_index",
    "suggestions",
    "unranked",
    "words",
]
