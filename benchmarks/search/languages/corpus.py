"""Generated events in the manner of statutes, from the texts of texts.toml. Number 7 stays the same."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

FILE = Path(__file__).with_name("texts.toml")

_SENTENCES = 3


@dataclass(frozen=True)
class Language:
    """The texts of a language, with slots for `{topic}`, `{place}`, `{year}` and `{number}`, and queries for them."""

    code: str
    places: Sequence[str]
    topics: Sequence[str]
    titles: Sequence[str]
    sentences: Sequence[str]
    queries: Sequence[str]


@cache
def read_languages() -> tuple[Language, ...]:
    """Return the languages in the order of the file."""
    return tuple(Language(code, **texts) for code, texts in tomllib.loads(FILE.read_text()).items())


def content(language: Language, number: int) -> dict[str, Any]:
    """Return event `number` of a language, with the language as its tag."""
    rng = Random(f"{language.code}/{number}")  # noqa: S311 (the same at every run)
    slots = {
        "topic": rng.choice(language.topics),
        "place": rng.choice(language.places),
        "year": rng.randint(1990, 2030),
        "number": rng.randint(2, 400),
    }
    sentences = rng.sample(language.sentences, _SENTENCES)
    return {
        "external_ids": [{"scheme": "languages", "value": f"{language.code}-{number}"}],
        "title": rng.choice(language.titles).format(**slots),
        "description": " ".join(sentences).format(**slots),
        "lang": language.code,
        "event_type": "legislation",
        "participants": [{"name": slots["place"], "role": "party"}],
        "sources": [{"type": "web_page"}],
        "tags": [language.code],
    }
