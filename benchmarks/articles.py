"""Events like the article, no two alike: number 7 is the same event on every machine."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

from schemas.codes import jurisdictions
from schemas.events import NewEventSchema
from schemas.vocabulary import EventType, Instrument, Status
from service.config import SEEDS
from service.strict_json import parse

Record = dict[str, Any]

#: Another seed gives other events of the same size.
SEED = 1

#: The scheme of the external id that every generated event has; the value is its number.
SCHEME = "benchmark"

#: Tags; an event has three at most.
TAGS = ("climate", "competition", "defence", "energy", "health", "industry", "migration", "research", "trade")

#: The article's two parties and the one that they depend on. Every event has three others in their place.
_REPLACED = ("EU", "JP", "CN")

#: When event 0 was recorded; its id holds the same instant.
_FIRST_RECORDED = datetime(2024, 6, 10, 2, 21, 41, tzinfo=UTC)

#: The days on which events were reported.
_FIRST_DAY, _DAYS = date(2000, 1, 1), 9_000


def event_id(number: int) -> UUID:
    """Return the id of event `number`; SQL and the scripts of the load make the same."""
    return UUID(f"01900000-0000-7000-8000-{number:012x}")


def recorded_at(number: int) -> datetime:
    """Return the instant at which event `number` was recorded."""
    return _FIRST_RECORDED + timedelta(seconds=number, microseconds=1 + number % 999_999)


def content(number: int) -> Record:
    """Return event `number` as NewEventSchema loads it."""
    return _Variation(_article(), Random(f"{SEED}/{number}")).event(number)  # noqa: S311 (the same at every run)


def body(number: int) -> Record:
    """Return event `number` as a client sends it: without members that are null."""
    event: Record = _without_null(content(number))
    return event


class _Variation:
    """One event made from the article: its facts in the same places, with other ids, words, states and numbers."""

    def __init__(self, article: Record, rng: Random) -> None:
        self.article, self.rng = article, rng
        self.states = dict(zip(_REPLACED, rng.sample(tuple(jurisdictions()), len(_REPLACED)), strict=True))
        self.ids = {part: self._new_ids(part) for part in ("names", "participants", "figures", "statements", "sources")}
        topics = rng.sample(_topic_ids(), len(article["topics"]))
        self.ids["topics"] = {use["id"]: topic for use, topic in zip(article["topics"], topics, strict=True)}

    def event(self, number: int) -> Record:
        """Return the whole event."""
        article, rng = self.article, self.rng
        return article | {
            "external_ids": [{"scheme": SCHEME, "value": str(number)}],
            "title": self._text(article["title"]),
            "names": [self._name(name) for name in article["names"]],
            "summary": self._text(article["summary"]),
            "description": self._text(article["description"]),
            "event_type": rng.choice(EventType.words()),
            "instruments": rng.sample(Instrument.words(), rng.randint(1, 3)),
            "status": rng.choice(Status.words()),
            "participants": [self._participant(who) for who in article["participants"]],
            "dates": self._dates(),
            "topics": [use | {"id": self.ids["topics"][use["id"]]} for use in article["topics"]],
            "figures": [self._figure(figure) for figure in article["figures"]],
            "statements": [self._statement(statement) for statement in article["statements"]],
            "sources": [self._source(source) for source in article["sources"]],
            "citations": [self._citation(citation) for citation in article["citations"]],
            "tags": rng.sample(TAGS, rng.randint(0, 3)),
        }

    def _name(self, name: Record) -> Record:
        return name | {"id": self.ids["names"][name["id"]], "value": self._text(name["value"])}

    def _participant(self, who: Record) -> Record:
        jurisdiction = self.states.get(who["jurisdiction"])
        is_state = who["type"] in ("state", "supranational")
        return who | {
            "id": self.ids["participants"][who["id"]],
            "name": jurisdictions()[jurisdiction] if jurisdiction and is_state else self._text(who["name"]),
            "jurisdiction": jurisdiction,
            "position": self._text(who["position"]),
            "on_behalf_of": self.ids["participants"].get(who["on_behalf_of"]),
            "as_reported": self._text(who["as_reported"]),
        }

    def _dates(self) -> list[Record]:
        """Return the article's two dates: the report, and the month in which the programme was to begin."""
        reported = _FIRST_DAY + timedelta(days=self.rng.randrange(_DAYS))
        expected = reported + timedelta(days=self.rng.randint(10, 300))
        edtf = {"reported": reported.isoformat(), "launched": f"{expected:%Y-%m}"}
        return [entry | {"edtf": edtf[entry["kind"]]} for entry in self.article["dates"]]

    def _figure(self, figure: Record) -> Record:
        return figure | {
            "id": self.ids["figures"][figure["id"]],
            "label": self._text(figure["label"]),
            "subject": self.ids["participants"].get(figure["subject"]),
            "value": str(self.rng.randrange(1, 10 ** len(figure["value"]))),
            "period": figure["period"] and str(self.rng.randint(2000, 2030)),
            "as_reported": self._text(figure["as_reported"]),
        }

    def _statement(self, statement: Record) -> Record:
        return statement | {
            "id": self.ids["statements"][statement["id"]],
            "speaker": self.ids["participants"].get(statement["speaker"]),
            "text": self._text(statement["text"]),
        }

    def _source(self, source: Record) -> Record:
        return source | {
            "id": self.ids["sources"][source["id"]],
            "title": self._text(source["title"]),
            "publisher": self._text(source["publisher"]),
            "derived_from": [self.ids["sources"][id_] for id_ in source["derived_from"]],
        }

    def _citation(self, citation: Record) -> Record:
        part, _, id_ = citation["fact"].partition("/")
        quote = citation["quote"]
        return citation | {
            "fact": f"{part}/{self.ids[part][id_]}" if part in self.ids else citation["fact"],
            "source": self.ids["sources"][citation["source"]],
            "quote": quote and quote | {"exact": self._text(quote["exact"])},
        }

    def _new_ids(self, part: str) -> dict[str, str]:
        """Return new ids by former ones, about as long."""
        return {member["id"]: f"{member['id'][:20]}-{self.rng.randrange(1_000_000)}" for member in self.article[part]}

    def _text(self, like: str | None) -> str | None:
        """Return as many words as `like` has, from the article."""
        if like is None:
            return None
        return " ".join(self.rng.choices(_lexicon(), k=len(like.split()))).capitalize()


@cache
def _article() -> Record:
    loaded: Record = NewEventSchema().load(parse((SEEDS / "dialogue-on-advanced-materials.json").read_bytes()))
    return loaded


@cache
def _lexicon() -> tuple[str, ...]:
    """The article's words, each as often as it stands there, so that other texts of as many words are as long."""
    article = _article()
    texts = [article["summary"], article["description"], *(statement["text"] for statement in article["statements"])]
    return tuple(word.strip(".,:;").lower() for text in texts for word in text.split())


@cache
def _topic_ids() -> tuple[str, ...]:
    return tuple(topic["id"] for topic in parse((SEEDS / "topics.json").read_bytes()))


def _without_null(value: Any) -> Any:
    """Return `value` without the members that are null."""
    if isinstance(value, dict):
        return {name: _without_null(member) for name, member in value.items() if member is not None}
    return [_without_null(member) for member in value] if isinstance(value, list) else value
