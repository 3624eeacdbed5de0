"""Words as a condition: on events, and on the rows that hold their words."""

from service.search.filter import Words
from service.search.text.query_compiler import CompiledWords
from service.store.condition import Condition
from service.store.search.conditions import TsCondition


def words_condition(asked: Words) -> Condition:
    """The condition that an event meets where its text has the words of `asked`, which are compiled."""
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
    if not isinstance(asked, CompiledWords):
        raise TypeError("The words are not compiled: apply expand.compile_filter first.")
    if not asked.all_words:
        return Condition("FALSE")
    ways = [
        TsCondition.of(query, f"words_{number}", table="event")
        for number, query in enumerate(asked.alternatives or (asked.all_words,))
    ]
    text = " OR ".join(f"({' AND '.join(way.conditions)})" for way in ways)
    return Condition(text, {name: value for way in ways for name, value in way.values.items()})
