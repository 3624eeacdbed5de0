"""What a filter takes along: the narrower topics of its topics, and what was merged with the events that it names."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from uuid import UUID

from psycopg import Connection

from schemas.filters import NOT
from service.errors import Fault, Invalid
from service.search.filter import All, AnyOf, Filter, Is, Not, Words
from service.search.text.query_compiler import CompiledWords, compile_query, conjunction, disjunction
from service.store.events.relations import find_same_events
from service.store.topics import find_narrower, find_nearest_topics

#: Each value with all that it takes along.
Wider = Mapping[str, list[str]]


def compile_filter(conn: Connection, asked: Filter, *, strict: bool = True) -> Filter:
    """Return the expanded filter with its words compiled for the languages in use. Invalid as `expand_filter` is."""
    return _compiled(conn, expand_filter(conn, asked, strict=strict))


def expand_filter(conn: Connection, asked: Filter, *, strict: bool = True) -> Filter:
    """Return the filter with the narrower topics of its topics, and the events merged with those that it names.

    Invalid if it names a topic that does not exist, unless it is not `strict`: a stored filter stays valid when a topic
    is deleted, and finds nothing by it.
    """
    wider: dict[str, Wider] = {}
    if topics := sorted(_values(asked, "topic")):
        wider["topic"] = find_narrower(conn, topics)
        if strict and (missing := [topic for topic in topics if topic not in wider["topic"]]):
            raise Invalid("The filter names topics that do not exist.", _unknown(conn, missing, asked))
    if events := sorted(_values(asked, "related_to")):
        same_events = find_same_events(conn, [UUID(event) for event in events])
        wider["related_to"] = {str(event): [str(id_) for id_ in same] for event, same in same_events.items()}
    return _replaced(asked, wider) if wider else asked


def _compiled(conn: Connection, asked: Filter) -> Filter:
    """`asked` with its words as they are looked for by now."""
    match asked:
        case Words():
            return compile_query(conn, asked)
        case All(parts):
            return All(tuple(_together(conjunction, [_compiled(conn, part) for part in parts])))
        case AnyOf(parts):
            return AnyOf(tuple(_together(disjunction, [_compiled(conn, part) for part in parts])))
        case Not(part):
            return Not(_compiled(conn, part))
    return asked


def _together(joined: Callable[[Sequence[CompiledWords]], CompiledWords], parts: Sequence[Filter]) -> list[Filter]:
    """`parts` with those that are words made one: the index finds them at once, and each by itself in turn."""
    words = [part for part in parts if isinstance(part, CompiledWords)]
    if len(words) < 2:  # noqa: PLR2004 (one is one already)
        return list(parts)
    return [*(part for part in parts if not isinstance(part, CompiledWords)), joined(words)]


def _unknown(conn: Connection, topics: list[str], asked: Filter) -> Iterator[Fault]:
    nearest, wanted = find_nearest_topics(conn, topics), _values(asked, "topic", besides_not=True)
    for topic in topics:
        meant = f' Did you mean "{nearest[topic]}"?' if topic in nearest else ""
        place = "topic" if topic in wanted else f"{NOT}topic"
        yield Fault(f'There is no topic "{topic}".{meant}', parameter=place)


def _values(asked: Filter, name: str, *, besides_not: bool = False) -> set[str]:
    """All values of the conditions called `name`, or only those beside Not."""
    match asked:
        case Is():
            return set(asked.values) if asked.name == name else set()
        case All(parts) | AnyOf(parts):
            return {value for part in parts for value in _values(part, name, besides_not=besides_not)}
        case Not(part) if not besides_not:
            return _values(part, name)
    return set()


def _replaced(asked: Filter, wider: Mapping[str, Wider]) -> Filter:
    match asked:
        case Is(name, values) if name in wider:
            along = (one for value in values for one in wider[name].get(value, [value]))
            return Is(name, tuple(sorted(set(along))))
        case All(parts):
            return All(tuple(_replaced(part, wider) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_replaced(part, wider) for part in parts))
        case Not(part):
            return Not(_replaced(part, wider))
    return asked
