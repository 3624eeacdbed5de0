"""Events about batteries, to be searched."""

from flask.testing import FlaskClient

from tests.factories import create_event


def create_battery_events(client: FlaskClient) -> list[str]:
    """Create events, and return the ids of three about batteries in the order of `battery recycling`."""
    contents = [
        {"title": "Battery recycling", "summary": "Recycling of every battery."},
        {"title": "Battery passport", "description": "It says how recycling works."},
        {"title": "Tariffs on cars", "description": "Batteries are exempt."},
    ]
    ids = [create_event(client, lang="en", **one)["id"] for one in contents]
    for number in range(5):
        create_event(client, title=f"Something else {number}", lang="en")
    return ids
