"""Every word of the events as it is spelt, by which others are corrected.

No statement is prepared: a plan made for whatever words may come would read every row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection

#: Words that are like another one, of which the best is chosen.
_CANDIDATES = 20

#: Words with one beginning that are looked through.
_LOOKED_THROUGH = 5_000


@dataclass(frozen=True)
class Known:
    """A word of the events: as it is spelt, folded, and in how many it stands."""

    word: str
    folded: str
    events: int


def count_known(conn: Connection, folded: Sequence[str]) -> dict[str, int]:
    """In how many events each of the words stands, in whatever spelling; what is not known lacks."""
    rows = conn.execute(
        """
        SELECT asked, sum(events)::integer
          FROM unnest(%(folded)s::text[]) AS asked
          JOIN vocabulary ON folded = asked
         GROUP BY asked
        """,
        {"folded": list(folded)},
        prepare=False,
    )
    return dict(rows.fetchall())


def find_like(conn: Connection, folded: Sequence[str]) -> dict[str, list[Known]]:
    """For each of the words those that have most in common with it, letters by threes."""
    rows = conn.execute(
        """
        SELECT asked, word, folded, events
          FROM unnest(%(folded)s::text[]) AS asked
         CROSS JOIN LATERAL (
               SELECT word, folded, events, similarity(folded, asked) AS likeness
                 FROM vocabulary
                WHERE folded %% asked AND length(folded) BETWEEN length(asked) - 2 AND length(asked) + 2
                ORDER BY likeness DESC, events DESC, word
                LIMIT %(candidates)s
               ) AS alike
         ORDER BY asked, likeness DESC, events DESC, word
        """,
        {"folded": list(folded), "candidates": _CANDIDATES},
        prepare=False,
    )
    found: dict[str, list[Known]] = {}
    for asked, *known in rows:
        found.setdefault(asked, []).append(Known(*known))
    return found


def find_beginning(conn: Connection, folded: str, limit: int) -> list[str]:
    """The most frequent words that begin so, of those first found."""
    rows = conn.execute(
        """
        SELECT word
          FROM (SELECT word, events
                  FROM vocabulary
                 WHERE folded LIKE %(folded)s || '%%'
                 LIMIT %(looked_through)s) AS found
         ORDER BY events DESC, word
         LIMIT %(limit)s
        """,
        {"folded": folded, "looked_through": _LOOKED_THROUGH, "limit": limit},
        prepare=False,
    )
    return [word for (word,) in rows]
