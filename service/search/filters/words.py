"""Words as a condition: on events, and on the rows that hold their words."""

from service.search.filter import Words
from service.search.text.query_compiler import Understood
from service.store.condition import Condition
from service.store.search.conditions import Sought


def words_condition(asked: Words) -> Condition:
    """The condition that an event meets where its text has the words of `asked`, which narrowing.widened has read."""
    found = words_beside(asked)
    if not found.values:
        return found
    text = f"""
        EXISTS (SELECT
                  FROM event_search AS words
                 WHERE words.event_id = event.id AND ({found.text.replace("event.", "words.")}))
        """  # noqa: S608 (constants of ours)
    return Condition(text, found.values)


def words_beside(asked: Words) -> Condition:
    """The same condition on a row of event_search that is named `event`."""
    if not isinstance(asked, Understood):
        raise TypeError("Words are understood with the database at hand: see narrowing.widened.")
    if not asked.every:
        return Condition("FALSE")
    ways = [Sought.by(way, f"words_{number}", table="event") for number, way in enumerate(asked.ways or (asked.every,))]
    text = " OR ".join(f"({' AND '.join(way.conditions)})" for way in ways)
    return Condition(text, {name: value for way in ways for name, value in way.values.items()})
