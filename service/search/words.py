"""Words as a condition: on events, and on the rows that hold their words."""

from service.search.filters import Words
from service.search.understanding import Understood
from service.store.conditions import Condition


def words_condition(asked: Words) -> Condition:
    """The condition that an event meets where its text has the words of `asked`, which narrowing.widened has read."""
    found = words_beside(asked)
    if not found.values:
        return found
    text = """
        EXISTS (SELECT
                  FROM event_search AS words
                 WHERE words.event_id = event.id AND words.tsv @@ %(words)s::tsquery)
        """
    return Condition(text, found.values)


def words_beside(asked: Words) -> Condition:
    """The same condition on a row of event_search that is named `event`."""
    if not isinstance(asked, Understood):
        raise TypeError("Words are understood with the database at hand: see narrowing.widened.")
    if not asked.every:
        return Condition("FALSE")
    return Condition("event.tsv @@ %(words)s::tsquery", {"words": asked.every})
