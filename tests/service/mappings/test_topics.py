"""The topics that a mapping declares."""

import pytest

from schemas.topics import NewTopicSchema
from tests.mappings import a_mapping, faults_of, refusals_of


def test_topics_come_after_their_broader_topics() -> None:
    mapping = a_mapping("""
        [topics]
        solar-energy = { label = "solar energy", broader = ["renewable-energy", "technology"] }
        renewable-energy = { label = "renewable energy", broader = "energy", labels = { fr = "énergie renouvelable" } }
        technology = "technology"
        energy = "energy"
    """)
    ids = [topic["id"] for topic in mapping.topics]
    assert set(ids) == {"solar-energy", "renewable-energy", "technology", "energy"}
    assert ids.index("energy") < ids.index("renewable-energy") < ids.index("solar-energy")
    [renewable] = [topic for topic in mapping.topics if topic["id"] == "renewable-energy"]
    assert renewable == NewTopicSchema().load(
        {
            "id": "renewable-energy",
            "labels": {"en": "renewable energy", "fr": "énergie renouvelable"},
            "broader": ["energy"],
        }
    )


@pytest.mark.parametrize(
    ("topics", "faults"),
    [
        (
            'a = "A"\nb = { label = "B", broader = "aa" }',
            ['topics.b: broader "aa" is not in [topics]. Did you mean "a"?'],
        ),
        (
            'a = { label = "A", broader = "b" }\nb = { label = "B", broader = "a" }\nc = "C"',
            ["topics.a: leads back to itself through broader.", "topics.b: leads back to itself through broader."],
        ),
        ("a = 1", ["topics.a: must be a table."]),
        ('a = { lable = "A" }', ['topics.a.lable: is not a known key here. Did you mean "label"?']),
        ('a = { broader = "b" }\nb = "B"', ["topics.a: labels: Missing data for required field."]),
    ],
)
def test_faults_of_topics_are_reported(topics: str, faults: list[str]) -> None:
    assert faults_of(f"[topics]\n{topics}") == faults


def test_an_undeclared_topic_is_a_fault() -> None:
    toml = """
        [[event.topics]]
        each = { column = "s", table = { Energy = "enrgy", Water = "water" }, into = "topic" }
        id = "{topic}"
        [topics]
        energy = "energy"
        water = "water"
    """
    assert faults_of(toml) == ['event.topics[1].id: there is no "enrgy" in [topics]. Did you mean "energy"?']


def test_a_topic_from_a_row_must_be_declared() -> None:
    toml = '[[event.topics]]\nid = "{s}"\n[topics]\nenergy = "energy"'
    assert refusals_of(toml, "s\nenergy\nwater\n") == [((3,), ['s: "water" is not in [topics].'])]
