"""SQL of events, their revisions, links and relations."""

from service.store.events import (
    agenda,
    bulk,
    counting,
    duplicates,
    export,
    figures,
    links,
    listing,
    listing_queries,
    ordering,
    records,
    relations,
    revisions,
)

__all__ = [
    "agenda",
    "bulk",
    "counting",
    "duplicates",
    "export",
    "figures",
    "links",
    "listing",
    "listing_queries",
    "ordering",
    "records",
    "relations",
    "revisions",
]
