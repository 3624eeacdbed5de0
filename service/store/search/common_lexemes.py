"""The common lexemes of the collection with their shares of all events, from PostgreSQL's own statistics."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from psycopg import Connection

#: The share of a lexeme of which nothing is known: the table is not analyzed yet.
_UNKNOWN: Final = 0.01


@dataclass(frozen=True)
class CommonLexemes:
    """The number of searchable events, and the share of them that have each common lexeme.

    Every other lexeme is at most as frequent as the rarest of the common ones, whose share is `rarest`.
    """

    events: int
    shares: Mapping[str, float]
    rarest: float

    def frequency(self, lexeme: str) -> float:
        """Return about how many events have a lexeme; for a rare one the most that it can be."""
        return self.events * self.shares.get(lexeme, self.rarest)


def find_common_lexemes(conn: Connection) -> CommonLexemes:
    """Return the lexemes that PostgreSQL found common when it last analyzed the search documents, about a thousand."""
    [(rows, pages, size, lexemes, shares)] = conn.execute(
        """
        SELECT reltuples, relpages, pg_relation_size(oid) / current_setting('block_size')::int,
               most_common_elems::text::text[], most_common_elem_freqs
          FROM pg_class
          LEFT JOIN pg_stats ON schemaname = relnamespace::regnamespace::text
                            AND tablename = relname
                            AND attname = 'tsv'
         WHERE oid = 'event_search'::regclass
        """
    ).fetchall()
    events = round(rows * size / pages) if pages else 0
    if not lexemes:
        return CommonLexemes(events, {}, _UNKNOWN)
    # Behind the shares of the lexemes are the least and the largest one.
    return CommonLexemes(events, dict(zip(lexemes, shares, strict=False)), shares[len(lexemes)])
