"""What PostgreSQL's text search makes of words, in the languages in which something is written by now."""

from collections.abc import Mapping, Sequence

from psycopg import Connection


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
