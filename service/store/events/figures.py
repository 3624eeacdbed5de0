"""The events with figures, and the sums of figures. The column `figures` has what filters and sums need of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from psycopg import Connection

from schemas.vocabulary import Measure
from service.store.condition import Condition, and_
from service.store.events.ordering import estimate_events, matching

#: Every event that has a figure has one of these labels.
_HAS_FIGURES = Condition(
    "{row}.labels && {}::text[]", ([f"measure:{measure}" for measure in Measure.words()],), labelled=True
)

#: The most events whose figures are summed: PostgreSQL takes 0.5 s for them.
MOST_SUMMED = 50_000


@dataclass(frozen=True)
class FigureGroup:
    """Figures that agree in the first five fields: their number, how many are inexact, and their values.

    `sum_max` and `greatest` are of the greatest values of ranges, `sum` and `least` of the least ones.
    """

    measure: str
    currency: str | None
    unit: str | None
    value_type: str | None
    period: str | None
    count: int
    inexact: int
    sum: Decimal
    sum_max: Decimal
    least: Decimal
    greatest: Decimal


def with_figures(condition: Condition) -> Condition:
    """Return the condition that an event meets `condition` and has figures."""
    return and_(condition, _HAS_FIGURES)


def sum_figures(
    conn: Connection,
    condition: Condition,
    *,
    measures: Sequence[str],
    currencies: Sequence[str],
    units: Sequence[str],
    least: Decimal | None,
    most: Decimal | None,
) -> tuple[list[FigureGroup], bool]:
    """Return the matching figures of the events that meet `condition`, in groups, and True if these are all.

    Of more than MOST_SUMMED events the newest are summed. An empty sequence or None is no condition on the figures.
    """
    having = with_figures(condition)
    # As in export.py; if there are more, the newest are soon found.
    fence = "OFFSET 0" if estimate_events(conn, having) <= MOST_SUMMED else ""
    query = f"""
          WITH chosen AS MATERIALIZED (
               SELECT figures, row_number() OVER (ORDER BY id DESC) AS place
                 FROM (SELECT id, figures {matching(having.render(), past=False)} {fence}) AS event
                ORDER BY id DESC
                LIMIT %(events)s + 1               -- one more: is that all?
               )
        SELECT (SELECT count(*) FROM chosen), measure, currency, unit, value_type, period, count(*),
               count(*) FILTER (WHERE comparator <> 'equal' OR value_max IS NOT NULL),
               sum(value), sum(coalesce(value_max, value)), min(value), max(coalesce(value_max, value))
          FROM chosen
         CROSS JOIN LATERAL jsonb_to_recordset(figures)
                         AS figure (measure text, currency text, unit text, comparator text, period text,
                                    value_type text, value numeric, value_max numeric)
         WHERE place <= %(events)s
           AND (%(figure_measures)s::text[] IS NULL OR measure = ANY(%(figure_measures)s))
           AND (%(figure_currencies)s::text[] IS NULL OR currency = ANY(%(figure_currencies)s))
           AND (%(figure_units)s::text[] IS NULL OR unit = ANY(%(figure_units)s))
           AND (%(least)s::numeric IS NULL OR coalesce(value_max, value) >= %(least)s)
           AND (%(most)s::numeric IS NULL OR value <= %(most)s)
         GROUP BY measure, currency, unit, value_type, period
        """
    values = {
        **having.parameters(),
        "figure_measures": list(measures) or None,
        "figure_currencies": list(currencies) or None,
        "figure_units": list(units) or None,
        "least": least,
        "most": most,
        "events": MOST_SUMMED,
    }
    rows = conn.execute(query, values).fetchall()
    return [FigureGroup(*row[1:]) for row in rows], not rows or rows[0][0] <= MOST_SUMMED
