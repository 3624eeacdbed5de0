"""Agreement of a search with the text: the events found are those with the word, by a scan without any index."""

import psycopg

from benchmarks.search.client import Client
from benchmarks.search.events import VOCABULARY, vocabulary

#: About one event in so many has the word of that rank, whatever the number of events.
_RANK = 9


def require_complete_search(client: Client, url: str, events: int) -> None:
    """Search for a word that some fifty of the events have. AssertionError where one is missing or too many."""
    word = vocabulary()[min(VOCABULARY - 1, events // _RANK)]
    listed, path = set[str](), f"/v1/events?q={word}&limit=200&fields=id"
    while path:
        page = client.get(path)
        listed |= {event["id"] for event in page["items"]}
        path = page["next"]
    if listed != (scanned := ids_with_word(url, word)):
        raise AssertionError(f"{len(listed)} events are found by {word}, {len(scanned)} have it.")


def ids_with_word(url: str, word: str | None) -> set[str]:
    """Return the ids of active events, all or those with a word in title or summary, without an index of ours."""
    with psycopg.connect(url) as conn:
        rows = conn.execute(
            """
            SELECT id::text
              FROM event
             WHERE record_state = 'active'
               AND (%(word)s::text IS NULL
                    OR convert_from(document, 'UTF8')::json ->> 'title' ~* ('\\y' || %(word)s || '\\y')
                    OR convert_from(document, 'UTF8')::json ->> 'summary' ~* ('\\y' || %(word)s || '\\y'))
            """,
            {"word": word},
        )
        return {id_ for (id_,) in rows}
