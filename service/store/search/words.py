"""Words in the database: where events have them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection

from service.store.search.ranking import Ranking, term_frequency
from service.store.search.tsquery import Lexeme, TsQuery


def find_frequent_lexemes(conn: Connection, id: UUID, limit: int, mark: str) -> list[tuple[str, int]]:
    """Return the most frequent lexemes of an event with their frequencies, without marked ones and single letters.

    Lexemes that begin with a capital are of a kind of their own, such as the names of sources.

    The tag of a language, capitals, is no letter of a word.
    """
    return conn.execute(
        """
        SELECT lexeme, cardinality(positions)
          FROM event_search
         CROSS JOIN LATERAL unnest(tsv) AS part (lexeme, positions, weights)
         WHERE event_id = %(id)s
           AND positions IS NOT NULL
           AND length(rtrim(lexeme, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')) > 1
           AND strpos(lexeme, %(mark)s) = 0
           AND lexeme !~ '^[A-Z]'
         ORDER BY cardinality(positions) DESC, length(lexeme) DESC, lexeme
         LIMIT %(limit)s
        """,
        {"id": id, "mark": mark, "limit": limit},
    ).fetchall()


#: The weights (A to D) of the positions of each lexeme in an event.
Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class TermFrequencies:
    """The frequency of each term in an event, whether the event has all words, and its length."""

    has_all_words: bool
    length: int
    frequencies: Sequence[int]


def find_frequencies(
    conn: Connection, ranking: Ranking, all_words: TsQuery, ids: Sequence[UUID]
) -> dict[UUID, TermFrequencies]:
    """Return the frequencies of the ranking's terms in events, computed as for the ranking."""
    ranks = "".join(
        f", %(stems_{n})s * ts_rank('{{1,1,1,1}}', tsv, %(term_{n})s::tsquery) AS rank_{n}"
        for n in range(len(ranking.terms))
    )
    frequencies = ", ".join(
        f"CASE WHEN rank_{n} > 0 THEN {term_frequency(f'rank_{n}', several=True)} ELSE 0 END"
        for n in range(len(ranking.terms))
    )
    values: dict[str, object] = {"ids": list(ids), "all_words": all_words}
    for n, term in enumerate(ranking.terms):
        values |= {f"term_{n}": term.query, f"stems_{n}": term.stems}
    rows = conn.execute(
        f"""
        SELECT event_id, has_all_words, length, ARRAY[{frequencies}]::float8[]
          FROM (SELECT event_id, length, tsv @@ %(all_words)s::tsquery AS has_all_words {ranks}
                  FROM event_search
                 WHERE event_id = ANY(%(ids)s)
                OFFSET 0) AS ranked
        """,
        values,
        prepare=False,
    )
    return {
        id_: TermFrequencies(has_all, length, [round(one) for one in counts]) for id_, has_all, length, counts in rows
    }


def find_lexeme_weights(
    conn: Connection, lexemes: Sequence[str], prefixes: Sequence[str], ids: Sequence[UUID]
) -> dict[UUID, Fields]:
    """Return, for each event, the weights of the lexemes and of those with one of the prefixes."""
    rows = conn.execute(
        """
        SELECT event_id, lexeme, weights
          FROM event_search
         CROSS JOIN LATERAL unnest(tsv) AS part (lexeme, positions, weights)
         WHERE event_id = ANY(%(ids)s)
           AND (lexeme = ANY(%(lexemes)s) OR lexeme ^@ ANY(%(prefixes)s))
        """,
        {"ids": list(ids), "lexemes": list(lexemes), "prefixes": list(prefixes)},
    )
    fields: dict[UUID, dict[str, Sequence[str]]] = {}
    for id_, lexeme, weights in rows:
        fields.setdefault(id_, {})[lexeme] = weights or []
    return dict(fields)


def find_present(conn: Connection, lexemes: Sequence[Lexeme]) -> set[str]:
    """Return the texts of those lexemes that some event has. Each takes 15 us, more if many events have it."""
    rows = conn.execute(
        """
        SELECT text
          FROM unnest(%(texts)s::text[], %(queries)s::text[]) AS given (text, query)
         WHERE EXISTS (SELECT FROM event_search WHERE tsv @@ query::tsquery)
        """,
        {"texts": [one.text for one in lexemes], "queries": [one.render() for one in lexemes]},
    ).fetchall()
    return {text for (text,) in rows}
