"""What queries find before and after events of another language are added, and the times of such queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from urllib.parse import urlencode

from benchmarks import servers
from benchmarks.databases import make_key
from benchmarks.search.client import Client, Times, measure
from benchmarks.search.languages.corpus import Language, content, read_languages

#: English queries: words that other languages stem or leave out, acronyms among them.
ENGLISH = (
    *("plan", "EU", "AI", "come", "man", "den", "die", "sale", "see", "an", "da", "mas*"),
    *('"clean water act"', '"act on paper"', "energy act", "EU budget", "regulation -die", "action OR data"),
)

#: Events that are compared one by one; of more the number is compared.
_LISTED = 200

#: What a query finds: the number of events, and the first of them in the order of their recording.
Matches = tuple[int, Sequence[str]]


@dataclass(frozen=True)
class Sizes:
    """Events that are added in each language, requests of a kind, and seconds of others before them."""

    events: int
    requests: int
    warm_up: float


@dataclass(frozen=True)
class Addition:
    """Added events of a language, the number of queries, and those that find others than before among the others."""

    language: str
    events: int
    queries: int
    changed: Mapping[str, tuple[Matches, Matches]]


@dataclass(frozen=True)
class Languages:
    """The additions one after the other, and the times of queries when all are there."""

    additions: Sequence[Addition]
    times: Mapping[str, Times]


def run(url: str, sizes: Sizes) -> Languages:
    """Add one language after the other to the events at `url`, which may be none."""
    with servers.service(url) as address, Client(address, make_key(url)) as client:
        additions = [_add(client, language, sizes.events) for language in read_languages()]
        times = {}
        for name, queries in _kinds().items():
            rng = Random(name)  # noqa: S311 (the same at every run)
            times[name] = measure(
                client,
                lambda: f"/v1/events?{urlencode({'q': rng.choice(queries)})}",  # noqa: B023 (called at once)
                warm_up=sizes.warm_up,
                requests=sizes.requests,
            )
        return Languages(additions, times)


def _add(client: Client, language: Language, events: int) -> Addition:
    queries = [*ENGLISH, *(q for one in read_languages() for q in one.queries)]
    before = {q: _matches(client, q=q) for q in queries}
    for number in range(events):
        client.send("POST", "/v1/events", content(language, number), expected=201)
    after = {q: _matches(client, q=q, not_tag=language.code) for q in queries}
    changed = {q: (before[q], after[q]) for q in queries if before[q] != after[q]}
    print(f"  {language.code}: {len(changed)} of {len(queries)} queries changed {list(changed)[:10]}", flush=True)
    return Addition(language.code, events, len(queries), changed)


def _matches(client: Client, **parameters: str) -> Matches:
    """Return the matches of a list by date of recording, which are those with every word."""
    page = client.get("/v1/events", sort="created_at", fields="id", limit=_LISTED, count="exact", **parameters)
    return page["count"]["value"], [event["id"] for event in page["items"]]


def _kinds() -> dict[str, Sequence[str]]:
    """Return kinds of queries by name."""
    languages = read_languages()
    words = [q for language in languages for q in language.queries]
    return {
        "an English word or phrase": ENGLISH,
        "a word or phrase of one of ten languages": words,
        "words of two languages": [f"{one} {other}" for one, other in zip(words, words[9:], strict=False)],
        "a title": [content(language, number)["title"] for language in languages for number in range(20)],
    }
