"""Typical misspellings, and words to leave alone, with the vocabulary of the real trackers."""

from collections import Counter
from collections.abc import Iterator
from itertools import count

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from service.db.embedded_postgres import Server
from service.search.suggest.normalize import spelled_words
from service.search.suggest.spelling import correct_spelling
from service.store.search.suggestion_index import WordKey, add_word_counts
from tests.factories import create_event
from tests.service.conftest import admin_of
from tests.trackers import CORONANET, CPD, LAWS, tracker_rows

#: The columns with texts of events.
TEXTS = {
    CPD: ("Policy name", "Country", "Policy description"),
    LAWS: ("Title", "Geography", "Keywords", "Description"),
    CORONANET: ("country", "type", "description"),
}

#: Titles with phrases that are typed as one word.
TITLES = ("Carbon tax act", "Wind power plan", "Social distancing in shops", "Face masks on trains", "Feed-in tariff")

#: Words in French texts, far more frequent than those near them in English.
FRENCH = {"chance": 20_000, "energies": 20_000, "adoptions": 20_000, "politique": 20_000, "climatique": 20_000}

_names = count(1)


@pytest.fixture(scope="module")
def vocabulary(cluster: Server, admin: psycopg.Connection, template_database: str) -> Iterator[psycopg.Connection]:
    """A connection to a database with the words of the trackers, some in French, and a few events."""
    folded = dict[str, str]()
    events = Counter(WordKey(word, "fr") for word, number in FRENCH.items() for _ in range(number))
    for name, columns in TEXTS.items():
        for row in tracker_rows(name):
            words = dict(spelled_words(" ".join(row[column] or "" for column in columns)))
            folded |= words
            events.update(WordKey(word, "en") for word in words)
    database = f"trackers_{next(_names)}"
    names = Identifier(database), Identifier(template_database)
    admin.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    with admin_of(cluster.dsn(database)) as client:
        for title in TITLES:
            create_event(client, title=title, lang="en")
    with psycopg.connect(cluster.dsn(database), autocommit=True) as conn:
        add_word_counts(conn, {**{word: word for word in FRENCH}, **folded}, events)
        conn.execute("ANALYZE vocabulary")
        yield conn
    admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(database)))


@pytest.mark.parametrize(
    ("typed", "correction"),
    [
        # a letter left out
        ("enviroment", "environment"),
        ("goverment subsidies", "government subsidies"),
        ("eletricity market", "electricity market"),
        ("biofuel mandte", "biofuel mandate"),
        ("agriclture", "agriculture"),
        ("mitgation", "mitigation"),
        ("restrictons on travel", "restrictions on travel"),
        ("gatherngs", "gatherings"),
        # a letter added or doubled, or a double one typed once
        ("emmissions trading", "emissions trading"),
        ("tarrif", "tariff"),
        ("tarif", "tariff"),
        ("vacine", "vaccine"),
        ("energy eficiency", "energy efficiency"),
        ("nationaly determined contribution", "nationally determined contribution"),
        ("Phillipines biofuels act", "Philippines biofuels act"),
        # neighbours swapped
        ("climate chnage", "climate change"),
        ("lockdwon", "lockdown"),
        ("biofeul mandate", "biofuel mandate"),
        ("transprot", "transport"),
        ("buidling codes", "building codes"),
        ("curfue", "curfew"),
        # a key beside the right one, or a letter that sounds alike
        ("quarentine", "quarantine"),
        ("rnergy", "energy"),
        ("renewsble energy", "renewable energy"),
        ("geothermel", "geothermal"),
        ("effeciency standards", "efficiency standards"),
        ("hydropowet", "hydropower"),
        # the first letter
        ("nergy", "energy"),
        ("qater management", "water management"),
        ("wlectric vehicles", "electric vehicles"),
        # two mistakes
        ("sustanable developmnt", "sustainable development"),
        ("climat chnage", "climate change"),
        ("deforrestaton", "deforestation"),
        ("vaccinaton certificat", "vaccination certificate"),
        # two words as one, one as two
        ("carbontax", "carbon tax"),
        ("windpower", "wind power"),
        ("socialdistancing", "social distancing"),
        ("feedin tariff", "feed in tariff"),
        ("green house gas", "greenhouse gas"),
        ("photo voltaic", "photovoltaic"),
        ("lock down", "lockdown"),
        # accents
        ("élctricity", "electricity"),
        ("quarantïne", None),
    ],
)
def test_a_typical_misspelling_is_corrected(vocabulary: psycopg.Connection, typed: str, correction: str | None) -> None:
    assert correct_spelling(vocabulary, typed) == correction


@pytest.mark.parametrize(
    "typed",
    [
        # names of countries and people, acronyms, codes
        *("mali", "niger", "iran", "oman", "chad", "austria", "zambia", "guinea bissau", "Macron", "merkel", "kyoto"),
        *("UNFCCC", "REDD", "NAMA energy", "ndc", "HB374", "covid19", "COM(2023)160", "2024/1252", "u.s. epa"),
        # words that are right, some of them rare
        *("environment", "climate change", "solar power", "wind farm", "land use", "programme", "program", "labour"),
        *("labor", "curfews", "photovoltaics", "perovskite", "afforestation", "paris agreement", "adoption", "energie"),
        # no words that are like others
        *("xyzzyplugh", "qwrtpsdf", "電池", "закон", "!?"),
    ],
)
def test_a_right_word_a_name_and_a_code_are_left_alone(vocabulary: psycopg.Connection, typed: str) -> None:
    assert correct_spelling(vocabulary, typed) is None
