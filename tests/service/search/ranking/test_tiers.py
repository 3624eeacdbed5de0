"""The order of events with every word, of titles with most of them, and of others."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from service.search.ranking.bm25 import WeighedTerm
from service.search.ranking.tiers import most_in_title
from service.store.search.ranking import SHORT
from service.store.search.tsquery import Lexeme, TsQuery
from tests.factories import create_event

FILLER = " ".join(f"filler{number}" for number in range(SHORT))
SCATTERED = f"solar {FILLER} wind {FILLER} steel {FILLER} water"


def create(client: FlaskClient, title: str, **content: str) -> None:
    """Create an event with few words beside those of its test."""
    create_event(client, title=title, lang="en", participants=[{"id": "p", "name": "of", "role": "party"}], **content)


def ranked(client: FlaskClient, q: str) -> list[str]:
    """Return the titles of the events that are found, the best first."""
    return [item["title"] for item in client.get("/v1/events", query_string={"q": q}).get_json()["items"]]


@pytest.mark.parametrize(
    "texts",
    [
        {"description": SCATTERED, "summary": "Steel, wind and solar, water"},
        {"description": "Plants need water. In summer they have the wind and lots of solar, and in winter also steel"},
        {"summary": "the solar parts", "description": "a wind of the past, steel in the end of all, water"},
    ],
)
def test_all_words_in_a_short_text_or_near_each_other_come_before_titles(
    client: FlaskClient, texts: dict[str, str]
) -> None:
    create(client, "Everything", **texts)
    create(client, "Solar wind steel")
    create(client, "Solar wind", description="steel steel steel")
    assert ranked(client, "solar wind steel water") == ["Everything", "Solar wind steel", "Solar wind"]


def test_most_words_in_a_title_come_before_all_words_scattered_in_a_long_text(client: FlaskClient) -> None:
    create(client, "Long text", description=SCATTERED)
    create(client, "Solar wind steel")
    create(client, "Solar wind", description="steel steel steel")
    assert ranked(client, "solar wind steel water") == ["Solar wind steel", "Long text", "Solar wind"]
    # Two of three words are not most of them.
    assert ranked(client, "solar wind water")[0] == "Long text"


def test_a_title_has_most_of_the_words_with_three_quarters_of_their_weight() -> None:
    a, b, c, d = (WeighedTerm(TsQuery((Lexeme(name),)), 1, 1.0) for name in "abcd")
    assert most_in_title([a, b, c]) == TsQuery()
    equal = most_in_title([a, b, c, d]).render()
    with_a = "('a':A & 'b':A & 'c':A) | ('a':A & 'b':A & 'd':A) | ('a':A & 'c':A & 'd':A)"
    assert equal == f"({with_a} | ('b':A & 'c':A & 'd':A))"
    rare = replace(a, weight=2.0)
    assert most_in_title([rare, b, c, d]).render() == f"({with_a})"
