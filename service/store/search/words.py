"""Words in the database: their stems and forms, where events have them, and how events spell them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection

from service.store.search.ranking import Ranking, times


def find_stems(
    conn: Connection, words: Sequence[str], languages: Sequence[str] | None = None
) -> dict[str, Mapping[str, str | None]]:
    """For each configuration in use, or each of `languages`, the stem of each word: None where it is left out."""
    rows = conn.execute(
        """
        SELECT configuration,
               ARRAY(SELECT (tsvector_to_array(to_tsvector(configuration::regconfig, word)))[1]
                       FROM unnest(%(words)s::text[]) WITH ORDINALITY AS given (word, place)
                      ORDER BY place)
          FROM unnest(coalesce(%(languages)s::text[],
                               nullif(ARRAY(SELECT DISTINCT configuration FROM search_language), '{}'),
                               '{simple}')) AS in_use (configuration)
         ORDER BY configuration
        """,
        {"words": list(words), "languages": list(languages) if languages else None},
    ).fetchall()
    return {configuration: dict(zip(words, stems, strict=True)) for configuration, stems in rows}


def find_forms(conn: Connection, said: Sequence[tuple[str, str]], asked: Sequence[str]) -> list[tuple[str, str, str]]:
    """Each pair of configuration and word in `said` with each word of `asked` that has its lexeme in some language."""
    return conn.execute(
        _FORMS,
        {
            "configurations": [configuration for configuration, _ in said],
            "words": [word for _, word in said],
            "asked": list(asked),
        },
    ).fetchall()


_FORMS = """
    WITH said AS MATERIALIZED (
        SELECT configuration, word, unnest(tsvector_to_array(to_tsvector(configuration::regconfig, word))) AS lexeme
          FROM unnest(%(configurations)s::text[], %(words)s::text[]) AS said (configuration, word)
    ), asked AS MATERIALIZED (
        SELECT word, unnest(tsvector_to_array(to_tsvector(configuration::regconfig, word))) AS lexeme
          FROM (SELECT configuration FROM search_language UNION SELECT configuration FROM said) AS spoken
         CROSS JOIN unnest(%(asked)s::text[]) AS word
    )
    SELECT DISTINCT said.configuration, said.word, asked.word
      FROM said
      JOIN asked USING (lexeme)
    """


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
