"""Words in the database: their stems and forms, and where events have them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection

from service.store.search.ranking import Ranking, term_frequency
from service.store.search.tsquery import TsQuery


def find_stems(
    conn: Connection, words: Sequence[str], languages: Sequence[str] | None = None
) -> dict[str, Mapping[str, str | None]]:
    """Return the stem of each word by configuration, of those in use or of `languages`; None for a stop word."""
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


def find_forms(conn: Connection, words: Sequence[tuple[str, str]], terms: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return configuration, word and term for each pair of configuration and word that is a form of a term.

    It is one if they have a lexeme in common in some language.
    """
    return conn.execute(
        _FORMS,
        {
            "configurations": [configuration for configuration, _ in words],
            "words": [word for _, word in words],
            "terms": list(terms),
        },
    ).fetchall()


_FORMS = """
    WITH written AS MATERIALIZED (
        SELECT configuration, word, unnest(tsvector_to_array(to_tsvector(configuration::regconfig, word))) AS lexeme
          FROM unnest(%(configurations)s::text[], %(words)s::text[]) AS given (configuration, word)
    ), term AS MATERIALIZED (
        SELECT word, unnest(tsvector_to_array(to_tsvector(configuration::regconfig, word))) AS lexeme
          FROM (SELECT configuration FROM search_language UNION SELECT configuration FROM written) AS used
         CROSS JOIN unnest(%(terms)s::text[]) AS word
    )
    SELECT DISTINCT written.configuration, written.word, term.word
      FROM written
      JOIN term USING (lexeme)
    """


def find_frequent_lexemes(conn: Connection, id: UUID, limit: int, mark: str) -> list[tuple[str, int]]:
    """Return the most frequent lexemes of an event with their frequencies, without marked ones and single letters."""
    return conn.execute(
        """
        SELECT lexeme, cardinality(positions)
          FROM event_search
         CROSS JOIN LATERAL unnest(tsv) AS part (lexeme, positions, weights)
         WHERE event_id = %(id)s
           AND positions IS NOT NULL
           AND length(lexeme) > 1
           AND strpos(lexeme, %(mark)s) = 0
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
