"""The vocabulary: the words of events in their spelling, by language, with their document frequencies.

No statement is prepared: a generic plan, made for any words, would read every row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg import Connection

from service.store.search.plans import PREFIX_END
from service.store.search.tsquery import TsQuery

#: The most candidates for the correction of a word that are more than one edit away.
_CANDIDATES = 50

#: The most words with one prefix of which the most frequent are taken.
_MOST_WITH_PREFIX = 5_000


#: The most events with all words of a phrase that are searched for it.
_MOST_WITH_WORDS = 1_000


@dataclass(frozen=True, slots=True)
class VocabularyWord:
    """A word in its spelling, its folded form, a language of the events that have it, and their number."""

    word: str
    folded: str
    lang: str
    events: int


def find_words(conn: Connection, folded: Iterable[str]) -> list[VocabularyWord]:
    """Return the words with one of the folded forms, in every spelling and language."""
    rows = conn.execute(
        "SELECT word, folded, lang, events FROM vocabulary WHERE folded = ANY(%s)", (list(folded),), prepare=False
    )
    return [VocabularyWord(*row) for row in rows]


def find_similar_words(conn: Connection, folded: Sequence[str]) -> dict[str, list[VocabularyWord]]:
    """Return, for each folded word, the words with the most trigrams in common."""
    rows = conn.execute(
        """
        SELECT typed, word, folded, lang, events
          FROM unnest(%(folded)s::text[]) AS given (typed)
         CROSS JOIN LATERAL (
               SELECT word, folded, lang, events, similarity(folded, typed) AS likeness
                 FROM vocabulary
                WHERE folded %% typed AND length(folded) BETWEEN length(typed) - 2 AND length(typed) + 2
                ORDER BY likeness DESC, events DESC, word, lang
                LIMIT %(candidates)s
               ) AS alike
        """,
        {"folded": list(folded), "candidates": _CANDIDATES},
        prepare=False,
    )
    similar: dict[str, list[VocabularyWord]] = {}
    for word, *candidate in rows:
        similar.setdefault(word, []).append(VocabularyWord(*candidate))
    return similar


def find_with_prefix(conn: Connection, folded: str, limit: int) -> list[str]:
    """Return the most frequent words with a prefix."""
    # Without the first part, 5,000 words in alphabetical order could lack the most frequent ones.
    rows = conn.execute(
        """
        SELECT word
          FROM (      (SELECT word, lang, events
                         FROM vocabulary
                        WHERE frequent AND folded >= %(folded)s AND folded < %(beyond)s
                        LIMIT %(most)s)
                UNION (SELECT word, lang, events
                         FROM vocabulary
                        WHERE folded >= %(folded)s AND folded < %(beyond)s
                        LIMIT %(most)s)) AS candidate
         GROUP BY word
         ORDER BY sum(events) DESC, word
         LIMIT %(limit)s
        """,
        {"folded": folded, "beyond": folded + PREFIX_END, "most": _MOST_WITH_PREFIX, "limit": limit},
        prepare=False,
    )
    return [word for (word,) in rows]


def has_phrase(conn: Connection, words: TsQuery, phrase: TsQuery) -> bool:
    """Return whether some event has the phrase, of the first ones that have its words."""
    [[exists]] = conn.execute(
        """
        SELECT EXISTS (SELECT
                         FROM (SELECT tsv FROM event_search WHERE tsv @@ %(words)s::tsquery LIMIT %(most)s) AS first
                        WHERE tsv @@ %(phrase)s::tsquery)
        """,
        {"words": words, "phrase": phrase, "most": _MOST_WITH_WORDS},
        prepare=False,
    ).fetchall()
    return bool(exists)
