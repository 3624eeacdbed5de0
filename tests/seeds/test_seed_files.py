"""The seeds load, say what the article says, and point at the words that bear it out."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.consistency import FACT_LISTS
from schemas.events import NewEventSchema
from schemas.topics import NewTopicSchema

ROOT = Path(__file__).resolve().parents[2]
ARTICLE = ROOT.parent / "shared" / "article.txt"
EVENT = "dialogue-on-advanced-materials.json"
PATCH = "dialogue-on-advanced-materials.launched.json"

#: Words that a quote may have: enough to find the place, too few to stand in for the article.
LONGEST_QUOTE = 12

Record = dict[str, Any]


def seed(name: str) -> Any:
    """Read the JSON of a file in seeds/."""
    return json.loads((ROOT / "seeds" / name).read_text(encoding="utf-8"))


def merged(target: Any, patch: Any) -> Any:
    """`target` after the JSON Merge Patch `patch` (RFC 7396, section 2)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def facts_of(record: Record) -> set[str]:
    """Every fact that a source must bear out: the members of the lists, and the fields that say what the event is."""
    members = {f"{part}/{member['id']}" for part in FACT_LISTS for member in record[part]}
    return members | {"title", "event_type", "status", "instruments"}


def own_facts_of(record: Record) -> set[str]:
    """Facts by which the event itself is known, and so its verification."""
    parties = {f"participants/{who['id']}" for who in record["participants"] if who["role"] == "party"}
    members = {f"{part}/{member['id']}" for part in ("names", "dates") for member in record[part]}
    return parties | members | {"title", "event_type", "status"}


def roots_of(source: str, retold: dict[str, list[str]]) -> set[str]:
    """Return the original sources behind `source`, along `derived_from`."""
    if not retold[source]:
        return {source}
    return set().union(*(roots_of(other, retold) for other in retold[source]))


def table(members: list[Record], columns: str) -> dict[str, tuple[str | None, ...]]:
    """The named `columns` of each member, by its id."""
    return {member["id"]: tuple(member[column] for column in columns.split()) for member in members}


def quotes_in(*records: Record) -> list[str]:
    """The words quoted by any citation of `records`."""
    return [citation["quote"]["exact"] for record in records for citation in record["citations"] if citation["quote"]]


@pytest.fixture
def topics() -> list[Record]:
    """The topics, as they load."""
    loaded: list[Record] = NewTopicSchema(many=True).load(seed("topics.json"))
    return loaded


@pytest.fixture
def event() -> Record:
    """The event as the article tells it."""
    loaded: Record = NewEventSchema().load(seed(EVENT))
    return loaded


@pytest.fixture
def launched() -> Record:
    """The event after the launch."""
    loaded: Record = NewEventSchema().load(merged(seed(EVENT), seed(PATCH)))
    return loaded


@pytest.fixture
def article() -> str:
    """The article's text, where this machine has it."""
    if not ARTICLE.exists():
        pytest.skip(f"{ARTICLE} is not on this machine, so quotes cannot be compared with it")
    return ARTICLE.read_text(encoding="utf-8")


def test_a_topic_appears_once_and_after_its_broader_topics(topics: list[Record]) -> None:
    earlier: set[str] = set()
    for topic in topics:
        assert topic["id"] not in earlier
        assert set(topic["broader"]) <= earlier, topic["id"]
        earlier.add(topic["id"])


def test_topics_match_eurovoc_where_it_has_the_same_concept(topics: list[Record]) -> None:
    assert {topic["id"]: topic["exact_match"] for topic in topics if topic["exact_match"]} == {
        "advanced-materials": ["http://eurovoc.europa.eu/3689"],
        "electronic-components": ["http://eurovoc.europa.eu/50"],
        "renewable-energy": ["http://eurovoc.europa.eu/754"],
        "transport": ["http://eurovoc.europa.eu/2494"],
        "electric-vehicles": ["http://eurovoc.europa.eu/4656"],
        "construction": ["http://eurovoc.europa.eu/3879"],
    }


def test_every_topic_is_labelled_and_defined_in_english(topics: list[Record]) -> None:
    assert [topic["id"] for topic in topics if "en" not in topic["labels"] or "en" not in topic["definition"]] == []


def test_the_topics_are_those_of_the_event_and_broader_ones(topics: list[Record], event: Record) -> None:
    needed = {use["id"] for use in event["topics"]}
    for topic in reversed(topics):
        if topic["id"] in needed:
            needed |= set(topic["broader"])
    assert {topic["id"] for topic in topics} == needed


def test_every_quote_is_in_the_article(event: Record, launched: Record, article: str) -> None:
    assert [quote for quote in quotes_in(event, launched) if quote not in article] == []


def test_every_reported_wording_is_in_the_article(event: Record, article: str) -> None:
    reported = [member["as_reported"] for part in ("participants", "figures") for member in event[part]]
    assert [words for words in reported if words not in article] == []


def test_the_article_is_named_as_its_headline_and_byline_say(event: Record, article: str) -> None:
    headline, _, byline, *_ = article.splitlines()
    title, published, author = table(event["sources"], "title published author")["trendforce-article"]
    assert (title, f"{published} Emerging Technologies {author}") == (headline, byline)


def test_no_sentence_of_the_article_is_copied(event: Record, launched: Record, article: str) -> None:
    texts = [statement["text"] for statement in event["statements"]]
    texts += [record[field] for record in (event, launched) for field in ("summary", "description")]
    assert [text for text in texts if text.rstrip(".") in article] == []


def test_quotes_are_short(event: Record, launched: Record) -> None:
    assert [quote for quote in quotes_in(event, launched) if len(quote.split()) > LONGEST_QUOTE] == []


def test_every_fact_is_cited_with_a_quote(event: Record) -> None:
    assert {citation["fact"] for citation in event["citations"] if citation["quote"]} == facts_of(event)


def test_every_fact_is_still_cited_after_the_launch(launched: Record) -> None:
    assert {citation["fact"] for citation in launched["citations"]} == facts_of(launched)


def test_all_citations_of_the_event_lead_back_to_one_source(event: Record) -> None:
    retold = {source["id"]: source["derived_from"] for source in event["sources"]}
    cited = {citation["source"] for citation in event["citations"] if citation["fact"] in own_facts_of(event)}
    assert set().union(*(roots_of(source, retold) for source in cited)) == {"nikkei"}


def test_the_battery_market_also_cites_trendforces_own_data(event: Record) -> None:
    assert {citation["fact"] for citation in event["citations"] if citation["source"] == "trendforce-data"} == {
        "figures/lithium-shipments-2027",
        "figures/china-lithium-share",
        "statements/markets-will-expand",
        "statements/demand-will-grow",
        "statements/china-leads-capacity",
    }


def test_the_event_is_a_planned_dialogue_with_a_tentative_name(event: Record) -> None:
    assert {field: event[field] for field in ("external_ids", "lang", "event_type", "instruments", "status")} == {
        "external_ids": [{"scheme": "policytrail-seed", "value": "eu-japan-dialogue-on-advanced-materials"}],
        "lang": "en",
        "event_type": "dialogue",
        "instruments": ["cooperation"],
        "status": "planned",
    }
    assert table(event["names"], "value lang kind") == {
        "dialogue-on-advanced-materials": ("Dialogue on Advanced Materials", "en", "tentative"),
    }


def test_the_participants_are_those_of_the_article_in_their_roles(event: Record) -> None:
    assert table(event["participants"], "name type role jurisdiction position on_behalf_of") == {
        "eu": ("European Union", "supranational", "party", "EU", None, None),
        "japan": ("Japan", "state", "party", "JP", None, None),
        "ivanova": ("Iliana Ivanova", "person", "spokesperson", "EU", "Commissioner for Innovation and Research", "eu"),
        "china": ("China", "state", "dependency_source", "CN", None, None),
        "eu-research-institutions": ("Research institutions of the EU", "group", "partner", "EU", None, None),
        "japan-research-institutions": ("Research institutions of Japan", "group", "partner", "JP", None, None),
        "nikkei": ("NIKKEI", "media", "observer", None, None, None),
        "trendforce": ("TrendForce", "company", "observer", None, None, None),
    }


def test_it_was_reported_on_1_april_and_expected_in_april(event: Record) -> None:
    assert table(event["dates"], "kind edtf modality resolves") == {
        "reported": ("reported", "2024-04-01", "actual", None),
        "launch-expected": ("launched", "2024-04", "expected", None),
    }


def test_the_topics_are_the_subjects_the_four_areas_and_the_context(event: Record) -> None:
    assert {use["id"]: use["role"] for use in event["topics"]} == {
        "advanced-materials": "subject",
        "research-cooperation": "subject",
        "supply-dependence": "subject",
        "standardisation": "subject",
        "sodium-ion-batteries": "subject",
        "nanomaterials": "subject",
        "metal-nanoparticles": "subject",
        "renewable-energy": "application",
        "transport": "application",
        "construction": "application",
        "electronic-materials": "application",
        "semiconductors": "application",
        "electric-vehicle-batteries": "application",
        "electric-vehicles": "application",
        "solar-energy": "application",
        "smartphones": "application",
        "lithium-ion-batteries": "context",
        "energy-storage": "context",
        "rare-metals": "context",
        "research-funding": "context",
    }


def test_the_figures_are_those_of_the_article(event: Record) -> None:
    assert table(event["figures"], "measure subject comparator value currency unit period value_type") == {
        "eu-2020": ("investment", "eu", "equal", "19800000000", "EUR", None, "2020", "actual"),
        "japan-2020": ("investment", "japan", "equal", "14000000000", "EUR", None, "2020", "actual"),
        "lithium-shipments-2027": ("shipments", None, "more_than", "3200", None, "GWh", "2027", "forecast"),
        "china-lithium-share": ("market_share", "china", "more_than", "75", None, "%", None, "actual"),
    }


def test_every_claim_of_the_article_is_a_statement_with_its_speaker_and_kind(event: Record) -> None:
    assert table(event["statements"], "speaker kind") == {
        "formal-cooperation": ("nikkei", "forecast"),
        "high-reliance": ("nikkei", "factual"),
        "less-reliance": (None, "aspiration"),
        "framework-in-april": ("ivanova", "commitment"),
        "both-lead": ("ivanova", "opinion"),
        "regular-meetings": (None, "commitment"),
        "institutions-take-part": (None, "forecast"),
        "areas-of-cooperation": ("ivanova", "factual"),
        "international-standards": ("ivanova", "aspiration"),
        "sodium-ion-focus": ("nikkei", "factual"),
        "most-promising-power-source": (None, "opinion"),
        "markets-drove-demand": (None, "factual"),
        "markets-will-expand": ("trendforce", "forecast"),
        "demand-will-grow": ("trendforce", "forecast"),
        "china-dominates": (None, "factual"),
        "china-leads-capacity": ("trendforce", "factual"),
        "hard-for-japan-and-south-korea": (None, "opinion"),
        "harder-for-us-and-europe": (None, "opinion"),
        "sodium-plentiful": (None, "factual"),
        "sodium-as-solution": (None, "opinion"),
        "sodium-without-rare-metals": (None, "factual"),
        "china-controls-rare-metals": (None, "factual"),
        "sodium-costs-less": (None, "factual"),
        "eu-progress": ("eu", "aspiration"),
        "transition-raises-demand": (None, "factual"),
        "use-of-japans-knowledge": ("eu", "aspiration"),
        "japan-leads-nanoparticles": (None, "opinion"),
        "nanoparticles-for-solar": (None, "factual"),
        "nanoparticles-for-smartphones": (None, "factual"),
        "eu-funding": ("eu", "commitment"),
    }


def test_statements_are_paraphrases_and_statements_about_the_future_are_pending(event: Record) -> None:
    about_the_future = {"commitment", "forecast", "aspiration"}
    assert table(event["statements"], "form outcome resolved_by") == {
        statement["id"]: ("paraphrase", "pending" if statement["kind"] in about_the_future else None, None)
        for statement in event["statements"]
    }


def test_the_launch_resolves_the_expected_date(launched: Record) -> None:
    assert table(launched["dates"], "kind edtf modality resolves") == {
        "reported": ("reported", "2024-04-01", "actual", None),
        "launch-expected": ("launched", "2024-04", "expected", None),
        "launched": ("launched", "2024-04-02", "actual", "launch-expected"),
    }


def test_the_launch_gives_the_official_name_and_keeps_the_former(launched: Record) -> None:
    assert (launched["title"], launched["status"]) == ("EU-Japan Enhanced Dialogue on Advanced Materials", "launched")
    assert table(launched["names"], "value lang kind") == {
        "dialogue-on-advanced-materials": ("Dialogue on Advanced Materials", "en", "former"),
        "enhanced-dialogue": ("EU-Japan Enhanced Dialogue on Advanced Materials", "en", "official"),
    }


def test_the_launch_fulfils_the_statements_about_april_and_no_others(event: Record, launched: Record) -> None:
    fulfilled = {"outcome": "fulfilled", "resolved_by": "dates/launched"}
    settled = {"framework-in-april", "formal-cooperation"}
    assert launched["statements"] == [
        statement | fulfilled if statement["id"] in settled else statement for statement in event["statements"]
    ]


def test_the_launch_adds_participants_and_a_source(event: Record, launched: Record) -> None:
    *participants, commission, tokyo = launched["participants"]
    assert participants == event["participants"]
    assert table([commission, tokyo], "name type role jurisdiction on_behalf_of") == {
        "european-commission": ("European Commission", "government_body", "implementer", "EU", "eu"),
        "tokyo": ("Tokyo", "subnational", "host", "JP", None),
    }
    *sources, release = launched["sources"]
    assert sources == event["sources"]
    assert table([release], "type tier publisher url published") == {
        "commission-press-release": ("press_release", "primary", "European Commission", None, "2024-04-02"),
    }


def test_the_launch_cites_the_press_release_without_a_quote(event: Record, launched: Record) -> None:
    """The article of the day before bears out neither the new title nor the new status, so those citations go."""
    unaffected = [citation for citation in event["citations"] if citation["fact"] not in {"title", "status"}]
    added = launched["citations"][len(unaffected) :]
    assert launched["citations"][: len(unaffected)] == unaffected
    assert {(citation["source"], citation["stance"], citation["quote"]) for citation in added} == {
        ("commission-press-release", "supports", None)
    }
    assert {citation["fact"] for citation in added} == {
        "title",
        "event_type",
        "status",
        "names/enhanced-dialogue",
        "participants/eu",
        "participants/japan",
        "participants/european-commission",
        "participants/tokyo",
        "dates/launched",
    }


def test_the_launch_changes_only_the_fields_of_the_patch_and_has_a_reason(event: Record, launched: Record) -> None:
    assert {field for field in launched if launched[field] != event[field]} == set(seed(PATCH))
    assert launched["change"] == {
        "kind": "development",
        "reason": "The two sides launched the dialogue in Tokyo on 2 April 2024 under its official name.",
    }
