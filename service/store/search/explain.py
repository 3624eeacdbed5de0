"""Why events were ranked as they were: how often each word stands in them, and where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection

from service.store.search.ranking import Ranking, times

#: Where each lexeme stands in an event, one weight (A to D) for each time.
Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Words:
    """The words of one event: whether it has every one looked for, its length, and how often each of them counts."""

    has_every: bool
    length: int
    frequencies: Sequence[int]


def find_frequencies(conn: Connection, ranking: Ranking, ids: Sequence[UUID]) -> dict[UUID, Words]:
    """For each event how often each term of the ranking counts in it, by the same reckoning as it was ranked."""
    ranks = "".join(
        f", %(stems_{n})s * ts_rank('{{1,1,1,1}}', tsv, %(term_{n})s::tsquery) AS rank_{n}"
        for n in range(len(ranking.terms))
    )
    counted = ", ".join(
        f"CASE WHEN rank_{n} > 0 THEN {times(f'rank_{n}', several=True)} ELSE 0 END" for n in range(len(ranking.terms))
    )
    values: dict[str, object] = {"ids": list(ids), "every": ranking.every}
    for n, term in enumerate(ranking.terms):
        values |= {f"term_{n}": term.query, f"stems_{n}": term.stems}
    rows = conn.execute(
        f"""
        SELECT event_id, has_every, length, ARRAY[{counted}]::float8[]
          FROM (SELECT event_id, length, tsv @@ %(every)s::tsquery AS has_every {ranks}
                  FROM event_search
                 WHERE event_id = ANY(%(ids)s)
                OFFSET 0) AS ranked
        """,
        values,
        prepare=False,
    )
    return {id_: Words(every, length, [round(one) for one in counts]) for id_, every, length, counts in rows}


def find_fields(
    conn: Connection, lexemes: Sequence[str], beginnings: Sequence[str], ids: Sequence[UUID]
) -> dict[UUID, Fields]:
    """In each event every lexeme that is looked for, or begins as one of `beginnings`, and how often by weight."""
    rows = conn.execute(
        """
        SELECT event_id, lexeme, weights
          FROM event_search
         CROSS JOIN LATERAL unnest(tsv) AS said (lexeme, positions, weights)
         WHERE event_id = ANY(%(ids)s)
           AND (lexeme = ANY(%(lexemes)s) OR lexeme ^@ ANY(%(beginnings)s))
        """,
        {"ids": list(ids), "lexemes": list(lexemes), "beginnings": list(beginnings)},
    )
    found: dict[UUID, dict[str, Sequence[str]]] = {}
    for id_, lexeme, weights in rows:
        found.setdefault(id_, {})[lexeme] = weights or []
    return dict(found)
