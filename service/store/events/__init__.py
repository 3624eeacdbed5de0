"""SQL of events, their revisions, links and relations."""

from service.store.events import (
    agenda,
    bulk,
    duplicates,
    export,
    figures,
    links,
    listing,
    ordering,
    records,
    relations,
    revisions,
    terms,
)

__all__ = [
    "agenda",
    "bulk",
    "duplicates",
    "export",
    "figures",
    "links",
    "listing",
    "ordering",
    "records",
    "relations",
    "revisions",
    "terms",
]
