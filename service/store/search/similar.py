"""By what words an event is known."""

from uuid import UUID

from psycopg import Connection


def find_lexemes(conn: Connection, id: UUID, limit: int, mark: str) -> list[tuple[str, int]]:
    """The lexemes that count most often in an event, and how often. None that holds the `mark` or is but one letter."""
    return conn.execute(
        """
        SELECT lexeme, cardinality(positions)
          FROM event_search
         CROSS JOIN LATERAL unnest(tsv) AS said (lexeme, positions, weights)
         WHERE event_id = %(id)s
           AND positions IS NOT NULL
           AND length(lexeme) > 1
           AND strpos(lexeme, %(mark)s) = 0
         ORDER BY cardinality(positions) DESC, length(lexeme) DESC, lexeme
         LIMIT %(limit)s
        """,
        {"id": id, "mark": mark, "limit": limit},
    ).fetchall()
