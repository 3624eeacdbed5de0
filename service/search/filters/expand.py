"""A filter with everything that its values stand for: narrower topics, merged events, words in all languages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from uuid import UUID

from psycopg import Connection

from schemas.filters import NOT
from service.errors import Fault, Invalid
from service.search.filter import All, AnyOf, Filter, Is, Not, Words, every_words, with_literal_words
from service.search.filters.best_words import best_words
from service.search.synonyms.expansion import find_synonyms
from service.search.text.compiled_words import CompiledWords, conjunction, disjunction
from service.search.text.query_compiler import compile_query
from service.store.events.relations import find_same_events
from service.store.search.documents import list_languages
from service.store.topics import find_narrower, find_nearest_topics

#: The values that each value stands for, itself among them.
Expansion = Mapping[str, Sequence[str]]


def compile_filter(conn: Connection, filter: Filter, *, strict: bool = True) -> Filter:
    """Return the expanded filter with its words compiled for the languages in use. Invalid as `expand_filter` is."""
    expanded = expand_filter(conn, filter, strict=strict)
    if not any(every_words(expanded)):
        return expanded
    languages = list_languages(conn)
    return _compile(expanded, lambda words: _compile_words(conn, words, languages))


def _compile_words(conn: Connection, words: Words, languages: Sequence[str]) -> CompiledWords:
    return compile_query(best_words(conn, words, languages), languages, find_synonyms(conn, words))


def expand_filter(conn: Connection, filter: Filter, *, strict: bool = True) -> Filter:
    """Return the filter with the narrower topics of its topics, and the events merged with those that it names.

    Invalid if it names a topic that does not exist, unless it is not `strict`: a stored filter stays valid when a topic
    is deleted, and finds nothing by it.
    """
    expansions: dict[str, Expansion] = {}
    if topics := sorted(_values(filter, "topic")):
        expansions["topic"] = find_narrower(conn, topics)
        if strict and (missing := [topic for topic in topics if topic not in expansions["topic"]]):
            raise Invalid("The filter names topics that do not exist.", _missing_topics(conn, missing, filter))
    if events := sorted(_values(filter, "related_to")):
        same_events = find_same_events(conn, [UUID(event) for event in events])
        expansions["related_to"] = {str(event): [str(id_) for id_ in same] for event, same in same_events.items()}
    return _replace(filter, expansions) if expansions else filter


def _compile(filter: Filter, compile_: Callable[[Words], CompiledWords]) -> Filter:
    match filter:
        case Words():
            return compile_(filter)
        case All(parts):
            return All(tuple(_unite_words(conjunction, [_compile(part, compile_) for part in parts])))
        case AnyOf(parts):
            return AnyOf(tuple(_unite_words(disjunction, [_compile(part, compile_) for part in parts])))
        case Not(part):
            return Not(_compile(with_literal_words(part), compile_))  # excluded as they are written
    return filter


def _unite_words(unite: Callable[[Sequence[CompiledWords]], CompiledWords], parts: Sequence[Filter]) -> list[Filter]:
    """Return the parts with all words in one of them: the index finds them together, not each in turn."""
    words = [part for part in parts if isinstance(part, CompiledWords)]
    if len(words) < 2:  # noqa: PLR2004 (one needs no union)
        return list(parts)
    return [*(part for part in parts if not isinstance(part, CompiledWords)), unite(words)]


def _missing_topics(conn: Connection, topics: list[str], filter: Filter) -> Iterator[Fault]:
    """Yield a fault for each topic that does not exist, at the parameter that names it."""
    nearest, required = find_nearest_topics(conn, topics), _values(filter, "topic", outside_not=True)
    for topic in topics:
        hint = f' Did you mean "{nearest[topic]}"?' if topic in nearest else ""
        parameter = "topic" if topic in required else f"{NOT}topic"
        yield Fault(f'There is no topic "{topic}".{hint}', parameter=parameter)


def _values(filter: Filter, name: str, *, outside_not: bool = False) -> set[str]:
    """Return all values of the conditions called `name`, or only of those outside Not."""
    match filter:
        case Is():
            return set(filter.values) if filter.name == name else set()
        case All(parts) | AnyOf(parts):
            return {value for part in parts for value in _values(part, name, outside_not=outside_not)}
        case Not(part) if not outside_not:
            return _values(part, name)
    return set()


def _replace(filter: Filter, expansions: Mapping[str, Expansion]) -> Filter:
    match filter:
        case Is(name, values) if name in expansions:
            expanded = {one for value in values for one in expansions[name].get(value, [value])}
            return Is(name, tuple(sorted(expanded)))
        case All(parts):
            return All(tuple(_replace(part, expansions) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_replace(part, expansions) for part in parts))
        case Not(part):
            return Not(_replace(part, expansions))
    return filter
