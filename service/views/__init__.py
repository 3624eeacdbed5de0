"""One blueprint a noun: URLs, statuses, headers."""

from service.views.events import events
from service.views.health import health
from service.views.problem_types import problem_types
from service.views.topics import topics
from service.views.vocabularies import vocabularies

BLUEPRINTS = (events, topics, vocabularies, problem_types, health)
