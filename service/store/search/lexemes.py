"""Which words are forms of which, as PostgreSQL's dictionaries see it."""

from collections.abc import Sequence

from psycopg import Connection


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
