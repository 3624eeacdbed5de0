"""SQL of search: documents, conditions, ranking, suggestions."""

from service.store.search import (
    conditions,
    documents,
    explain,
    facets,
    lexemes,
    ranking,
    similar,
    spelling,
    statistics,
    stems,
    suggestion_index,
    suggestions,
    unranked,
)

__all__ = [
    "conditions",
    "documents",
    "explain",
    "facets",
    "lexemes",
    "ranking",
    "similar",
    "spelling",
    "statistics",
    "stems",
    "suggestion_index",
    "suggestions",
    "unranked",
]
