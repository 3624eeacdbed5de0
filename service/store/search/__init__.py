"""SQL of search: documents, conditions, ranking, suggestions."""

from service.store.search import (
    conditions,
    documents,
    facets,
    plans,
    ranking,
    statistics,
    suggestion_index,
    suggestions,
    synonyms,
    unranked,
    vocabulary,
    words,
)

__all__ = [
    "conditions",
    "documents",
    "facets",
    "plans",
    "ranking",
    "statistics",
    "suggestion_index",
    "suggestions",
    "synonyms",
    "unranked",
    "vocabulary",
    "words",
]
