"""The numbers in the prose of README and docs/ are those of the constants and settings."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from schemas import changes, facets, filters, lists
from service import clock, strict_json
from service.config import Settings
from service.db import connection
from service.feed import reader, tail
from service.http import auth, search_budget
from service.imports import batch_writer, line_reader
from service.mappings import dates
from service.observability import metrics
from service.search.index import document
from service.search.ranking import bm25, pages, statistics
from service.search.synonyms import expansion
from service.search.text import query_parser
from service.store import imports as stored_imports
from service.store.events import figures
from service.store.search import ranking, tsvector
from service.store.webhooks import leases
from service.store.webhooks.pings import MAX_WAITING
from service.views.changes import HEARTBEAT, LASTS
from service.views.health import PATIENCE
from service.views.webhooks import OVERLAP
from service.webhooks import lane, loop_pulses, matcher, pings, retry_policy, sender, subscription_filters, worker
from tests.house.pages import DOCS
from tests.servers import ROOT

DEFAULT = Settings()

HOUR, DAY = 3600, 86_400

#: Hours from the first attempt of a delivery to the last.
_LASTS = sum(retry_policy.DELAYS) // HOUR


def _hours(*seconds: float) -> str:
    return ", ".join(f"{second / HOUR:g}" for second in seconds)


#: The phrases of each page that hold numbers of ours, rendered from their constants.
PHRASES = {
    "export.md": [
        f"{DEFAULT.page_size} by default and {DEFAULT.max_page_size} at most; a calendar has {DEFAULT.max_page_size}",
        f"When more than {figures.MOST_SUMMED:,} events match",
        f"up to {DEFAULT.max_page_size} dated items",
    ],
    "find.md": [
        f"`sort` takes up to {lists.MOST_SORTS} fields",
        f"A page holds {DEFAULT.page_size} events unless you send `limit`, and {DEFAULT.max_page_size} at most.",
    ],
    "follow.md": [
        f"A page holds {changes.PAGE} entries unless you send `limit`, and {changes.MOST:,} at most.",
        f"none of the next {reader.SCAN:,} entries match",
        f"held back for up to {changes.LONGEST_WAIT} seconds",
        f"a comment after {HEARTBEAT:.0f} seconds of silence",
        f"ends after {LASTS / 60:.0f} minutes",
        f"`POLICYTRAIL_FEED_RETENTION` ({DEFAULT.feed_retention} days)",
        f"returns about {2 * tail.POLL_INTERVAL:.1f} seconds later",
    ],
    "import.md": [
        f"the database was away for {sum(batch_writer.RETRY_DELAYS):.0f} seconds",
        f"Reports are kept for {stored_imports.KEPT_FOR.days} days",
        f"a number beyond {strict_json._INTEGERS.stop.bit_length() - 1} bits",
        f"after {line_reader.MAX_EMPTY_ROWS:,} empty rows",
        f"a gzip that grows to {line_reader._MAX_RATIO} times its size",
    ],
    "operate.md": [
        f"no request more than {connection.GRACE:.0f} seconds beyond the timeout of its statement",
        f"`/readyz` fails after {PATIENCE:.0f} seconds",
        f"running processes notice within {auth.TRUSTED_FOR:.0f} seconds",
        f"by more than {clock.TOLERATED_SECONDS:.0f} seconds",
    ],
    "reference/filters.md": [
        f"nested {filters.MOST_LEVELS} levels deep and hold {filters.MOST_CONDITIONS} conditions",
        f"of which {filters.MOST_Q} may be `q`; several `q` may have {filters.MOST_Q_WORDS} words together",
    ],
    "reference/mapping-file.md": [
        f"a year from {1900 + dates._FIRST_OF_1900S} to {1999 + dates._FIRST_OF_1900S}",
    ],
    "reference/monitoring.md": [
        f"beyond the first {metrics.MOST_KEYS} keys of a process",
        f"come from the database every {worker.GAUGES_INTERVAL:.0f} seconds",
        f"Shards, of {leases.SHARDS}, that the worker has leased",
        f"has begun no poll for {loop_pulses.STALLED_AFTER:.0f} seconds beyond its interval",
    ],
    "reference/query-syntax.md": [
        f"the first {query_parser.MOST_PREFIXES} such words of a query count",
        f"A query has {filters.LONGEST_Q:,} characters at most, and {query_parser.MOST_WORDS} words of it count",
        f"Without an API key, more than {search_budget.MOST_PUBLIC_WORDS} words get 422.",
        f"title, names | {document.TIMES['A']} times",
        f"summary | {document.TIMES['B']} times",
        f"the first {tsvector._MOST_BYTES // 1000} kB of an event's words",
        f"up to its {tsvector.LAST_POSITION:,}rd word",
        f"with k1 {bm25.K1} and b {bm25.B};",
        f"In the best {ranking._WITH_PAIRS} events",
        f"fewer than {pages.FEW} events match",
        f"A search ranks about {DEFAULT.ranked_events:,} events",
        f"cached for {statistics.FRESH:.0f} seconds",
        f"explained in a title or name, or in {expansion.FEWEST_EVENTS} events",
        f"has up to {expansion.MOST_OF_TERM} synonyms, and a search up to {expansion.MOST_OF_SEARCH}",
    ],
    "webhooks.md": [
        f"retried for {_LASTS:.0f} hours, and recoverable for {DEFAULT.delivery_retention} days",
        f"Answer 2xx within {DEFAULT.webhook_timeout:.0f} seconds",
        f"the first {sender.MAX_BODY_BYTES // 1024} kB of your answer",
        f"retried after {retry_policy.DELAYS[0]:.0f} seconds, {retry_policy.DELAYS[1] / 60:.0f} minutes",
        f"{retry_policy.DELAYS[2] / 60:.0f} minutes, {_hours(*retry_policy.DELAYS[3:-1])}",
        f"and {_hours(retry_policy.DELAYS[-1])} hours, each {retry_policy.JITTER * 100:.0f} % more or less",
        f"{len(retry_policy.DELAYS) + 1} attempts in {_LASTS:.0f} hours",
        f"honoured up to {_hours(retry_policy.LONGEST_DELAY)} hours",
        f"Up to {lane.MAX_CONCURRENCY} deliveries are under way",
        f"| 100 ms | {10 * lane.MAX_CONCURRENCY} | 10 |",
        f"| 1 second | {lane.MAX_CONCURRENCY} | 1 |",
        f"| 5 seconds | {lane.MAX_CONCURRENCY / 5:g} | 0.2 |",
        f"After {lane.BACKOFF_AFTER} failures in a row",
        f"nothing has succeeded for {retry_policy.DISABLE_AFTER.days} days",
        f"and {retry_policy.DISABLE_AFTER_ATTEMPTS} attempts, the webhook is disabled",
        f"run {DEFAULT.webhook_test_rate_limit.removesuffix('/minute')} tests a minute, and {MAX_WAITING} at the",
        f"once more for each {subscription_filters.COST_UNIT} characters of its filter",
        f"Beyond {matcher.KEY_BUDGET:,} of one key",
        f"Both secrets sign for {OVERLAP // timedelta(hours=1)} hours",
        f"once a minute for {pings.HANDSHAKE_DEADLINE / DAY:.0f} days",
    ],
}

#: Numbers that are not ours: standards and versions, statuses, dates, values of an example, facts of PostgreSQL.
FOREIGN = [
    r"\b(?:RFC|ISO|PostgreSQL|Python|OpenAPI|JSON Feed|BM|NAT|UTF-|SHA|IPv|SRv|Windows-|BCP) ?\d[\d.]*",
    r"\b[2345](?:\d\d|xx)\b(?! [a-z]*(?:events|entries|words|kB|times))",
    r"\b6to4\b",
    r"k1 is",
    r"\b30 April\b|\b25 December\b|\bin 202[34]\b|\bof 2024\b",
    r"\bRow 18\b|\"more than 5\" counts as 5",
    r"ends? with (?:the|a) status (?:other than )?[012]\b|with [12] when",
    r"codes of 2 or 3 letters|from 1\.|with 3 letters or more|within 4 places of each|16,383rd",
    r"128 MB|100 µs",
    r"From 0\.1 to 0\.2\.0|of 0\.1\.0|migrations from 0007 on",
]

PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def _prose(page: Path) -> str:
    """Return the text of a page without code, links, numbered headings and generated blocks, on one line."""
    text = re.sub(
        r"<!-- generated.*?<!-- end of .*?-->|^```.*?^```$|<http.*?>",
        "",
        page.read_text(),
        flags=re.DOTALL | re.MULTILINE,
    )
    text = re.sub(r"(?m)^    .*$|^\d+\. |^## \d+\. ", "", text)
    return " ".join(re.sub(r"\]\([^)]*\)", "]", text).split())


@pytest.mark.parametrize(
    ("page", "phrase"), [(page, phrase) for page, phrases in PHRASES.items() for phrase in phrases]
)
def test_a_number_is_that_of_its_constant(page: str, phrase: str) -> None:
    assert phrase in _prose(DOCS / page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_number_is_left_unchecked(page: Path) -> None:
    text = _prose(page)
    for phrase in PHRASES.get(str(page.relative_to(DOCS)) if page.is_relative_to(DOCS) else "", []):
        text = text.replace(phrase, "")
    text = re.sub(r"`[^`]*`", "", text)
    for foreign in FOREIGN:
        text = re.sub(foreign, "", text)
    assert re.findall(r".{0,40}\d[\d,.]*.{0,20}", text) == []


def test_the_number_of_facets_and_suggestions_is_in_the_description_of_the_api() -> None:
    text = (DOCS / "reference" / "http.md").read_text()
    assert f"Values of each facet: {facets.USUAL_VALUES} by default, at most {facets.MOST_VALUES}." in text
