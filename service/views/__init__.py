"""One blueprint a noun: URLs, statuses, headers."""

from service.views.catalog import catalog
from service.views.docs import docs
from service.views.events import events
from service.views.external_ids import external_ids
from service.views.health import health
from service.views.history import history
from service.views.keys import keys, me
from service.views.merging import merging
from service.views.problem_types import problem_types
from service.views.relations import relations
from service.views.topics import topics
from service.views.vocabularies import vocabularies

BLUEPRINTS = (
    events,
    external_ids,
    history,
    merging,
    relations,
    topics,
    vocabularies,
    keys,
    me,
    problem_types,
    catalog,
    docs,
    health,
)
