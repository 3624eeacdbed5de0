"""One blueprint a noun: URLs, statuses, headers."""

from service.views.events import events
from service.views.external_ids import external_ids
from service.views.health import health
from service.views.history import history
from service.views.problem_types import problem_types
from service.views.topics import topics
from service.views.vocabularies import vocabularies

BLUEPRINTS = (events, external_ids, history, topics, vocabularies, problem_types, health)
