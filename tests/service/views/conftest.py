"""Fixtures of the API's views."""

import pytest
from flask.testing import FlaskClient

from tests.factories import create_event, create_topic
from tests.filter_events import EVENTS


@pytest.fixture
def recorded(client: FlaskClient) -> FlaskClient:
    """A client to a database with the EVENTS and the topics that they use."""
    for id_, broader in (("materials", []), ("batteries", ["materials"]), ("sodium", ["batteries"]), ("trade", [])):
        create_topic(client, id_, broader=broader)
    for title, said in EVENTS.items():
        create_event(client, title=title, **said)
    return client
