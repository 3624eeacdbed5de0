"""The comparison of an answer with the wanted one."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from benchmarks.search.cases.queries import Kind, Query
from benchmarks.search.client import Client

#: Results that count.
DEPTH = 10

Event = Mapping[str, Any]

#: Returns the first page of a query.
Search = Callable[[str], Mapping[str, Any]]

_FIELDS = "title,names,summary,description,statements,participants"

_WORDS = re.compile(r"[^\W_]+")


def searcher(client: Client) -> Search:
    """Return the search of a client whose key allows long queries."""
    return lambda q: client.get("/v1/events", q=q, limit=DEPTH, fields=_FIELDS)


def plain(text: str) -> str:
    """Return a text in lower case, with single spaces in the place of punctuation."""
    return " ".join(_WORDS.findall(text.lower()))


@dataclass(frozen=True)
class Result:
    """The queries of a kind that do not get the wanted answer, each with the difference."""

    kind: Kind
    faults: Mapping[str, str]

    @property
    def held(self) -> int:
        """The number of the other queries."""
        return len(self.kind.queries) - len(self.faults)


def try_kind(kind: Kind, search: Search) -> Result:
    """Search for each query of a kind."""
    faults = {query.q: find_fault(query, search) for query in kind.queries}
    return Result(kind, {q: fault for q, fault in faults.items() if fault})


def find_fault(query: Query, search: Search) -> str | None:
    """Return the first difference between the answer and the wanted one, or None."""
    page = search(query.q)
    if query.did_you_mean and plain(page["did_you_mean"] or "") == plain(query.did_you_mean):
        return None
    return next(_faults(query, page, search), None)


def has_wanted(records: Iterable[Event], query: Query) -> bool:
    """Return whether there are records to answer the query as it wants."""
    first = not query.first or any(_is_wanted(record, query) for record in records)
    return first and len(list(islice(filter(partial(_has, query), records), query.share))) == query.share


def _faults(query: Query, page: Mapping[str, Any], search: Search) -> Iterator[str]:
    events: Sequence[Event] = page["items"]
    if not events:
        yield f"nothing found; did_you_mean is {page['did_you_mean']!r}"
    if query.first and not any(_is_wanted(event, query) for event in events[: query.top]):
        yield f"first is {_title(events[0])}, wanted at {_place(events, query)}"
    if query.share and (share := sum(_has(query, event) for event in events)) < query.share:
        yield f"{share} of {len(events)} have it, wanted {query.share}"
    if query.none and (others := [_title(one) for one in events if re.search(query.none, _text(one), re.IGNORECASE)]):
        yield f"{len(others)} must not be there, such as {others[0]}"
    if query.same and _ids(page) != _ids(search(query.same)):
        yield f"others than of {query.same!r}"
    if query.partial is not None and page["ranking"]["partial"] != query.partial:
        yield f"partial is {page['ranking']['partial']}"


def _is_wanted(event: Event, query: Query) -> bool:
    return bool(re.search(query.first, event["title"], re.IGNORECASE)) and _is_of_country(event, query)


def _place(events: Sequence[Event], query: Query) -> str:
    places = [place for place, event in enumerate(events, start=1) if _is_wanted(event, query)]
    return f"place {places[0]}" if places else "no place"


def _has(query: Query, event: Event) -> bool:
    title = not query.title or re.search(query.title, event["title"], re.IGNORECASE)
    text = not query.text or re.search(query.text, _text(event), re.IGNORECASE)
    return bool(title and text and _is_of_country(event, query))


def _is_of_country(event: Event, query: Query) -> bool:
    codes = {participant.get("jurisdiction") for participant in event["participants"]}
    return not query.country or query.country in codes


def _title(event: Event) -> str:
    return f"{event['title'][:80]} ({', '.join(str(one.get('jurisdiction')) for one in event['participants'][:2])})"


def _text(event: Event) -> str:
    names = [name["value"] for name in event.get("names", ())]
    statements = [statement["text"] for statement in event.get("statements", ())]
    texts = [event["title"], event.get("summary"), event.get("description"), *names, *statements]
    return "\n".join(filter(None, texts))


def _ids(page: Mapping[str, Any]) -> list[str]:
    return [event["id"] for event in page["items"]]
