"""One blueprint a noun: URLs, statuses, headers."""

from service.views.events import events
from service.views.health import health
from service.views.topics import topics
from service.views.vocabularies import vocabularies

BLUEPRINTS = (events, topics, vocabularies, health)
