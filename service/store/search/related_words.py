"""Words related to a search, as SQL: those that its best events share raise the scores of others that have them.

This is pseudo-relevance feedback within the best events of a ranking, without statistics of the collection.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

#: The events that are taken for relevant, the fewest of them that share a word, and the most words.
_RELEVANT, _FEWEST, _MOST = 5, 2, 30

#: The most that all related words add to a score, as a share of the best score.
_SHARE = 0.7

#: The most events with related words. More have equal scores, and no words are related to these.
_MOST_EVENTS = 100


class RelatedWord(NamedTuple):
    """A lexeme, and what it adds to the score of an event that has it."""

    lexeme: str
    weight: float


#: The common table expression `related`, from the best events of a first page.
_FIRST = f"""
    related AS MATERIALIZED (
        SELECT lexeme, round((weight * best / sum(weight) OVER ())::numeric, 4)::float8 AS weight
          FROM (SELECT lexeme,
                       {_SHARE} * max(best) AS best,
                       sum(score * times / (times + 1.2)) FILTER (WHERE place <= {_RELEVANT})
                       * ln((max(events) + 1) / (count(*) + 0.5)) AS weight
                  FROM (SELECT lexeme, cardinality(positions) AS times, score, place,
                               max(score) OVER () AS best, events
                          FROM best_event
                         CROSS JOIN LATERAL unnest(tsv) AS word (lexeme, positions, weights)
                         WHERE positions IS NOT NULL AND length(lexeme) > 1 AND events <= {_MOST_EVENTS}) AS word
                 GROUP BY lexeme
                HAVING count(*) FILTER (WHERE place <= {_RELEVANT}) >= {_FEWEST}
                 ORDER BY weight DESC, lexeme
                 LIMIT {_MOST}) AS shared
         WHERE weight > 0
    )
    """

_LATER = """
    related AS MATERIALIZED (
        SELECT *
          FROM unnest(%(related_lexemes)s::text[], %(related_weights)s::float8[]) AS given (lexeme, weight)
    )
    """


def related_tables(text: str, *, first: bool) -> str:
    """Return the common table expressions from `found` and `total` to `related_worth`, with what related words add.

    `text` is the query for the tsvector of a row of `found`. Sums are rounded: they are equal on each page, though
    PostgreSQL adds in any order.
    """
    return f"""
        best_event AS MATERIALIZED (
            SELECT found.event_id, found.score, text.tsv, count(*) OVER () AS events,
                   row_number() OVER (ORDER BY found.score DESC, found.event_id DESC) AS place
              FROM total
              JOIN found ON found.score >= total.score_floor
             CROSS JOIN LATERAL ({text} LIMIT 1) AS text
        ), {_FIRST if first else _LATER}, related_worth AS MATERIALIZED (
            SELECT event_id, round(sum(related.weight)::numeric, 6)::float8 AS worth
              FROM best_event
             CROSS JOIN LATERAL unnest(tsv) AS word (lexeme, positions, weights)
              JOIN related ON related.lexeme = word.lexeme
             GROUP BY event_id
        )
        """


#: The related words of a page's statement, as `related_words` reads them.
RELATED = "(SELECT json_agg(json_build_array(lexeme, weight))::text FROM related)"


def related_words(text: str | None) -> list[RelatedWord]:
    """Return the words in a value of RELATED."""
    return [RelatedWord(*word) for word in orjson.loads(text)] if text else []


def related_values(words: Sequence[RelatedWord]) -> dict[str, Any]:
    """Return the parameters for the related words that the first page had."""
    return {
        "related_lexemes": [word.lexeme for word in words],
        "related_weights": [word.weight for word in words],
    }
