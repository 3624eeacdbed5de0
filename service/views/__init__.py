"""The blueprints, one a noun: URLs, statuses, headers."""

from service.views.agenda import agenda
from service.views.changes import changes
from service.views.deliveries import deliveries
from service.views.docs import docs
from service.views.events import events
from service.views.exports import exports
from service.views.external_ids import external_ids
from service.views.facets import facets
from service.views.figures import figures
from service.views.health import health
from service.views.imports import imports
from service.views.keys import keys, me
from service.views.merge import merging
from service.views.meta import catalog, problem_types, vocabularies
from service.views.relations import relations
from service.views.revisions import history
from service.views.search import searching
from service.views.similar import similar
from service.views.suggestions import suggestions
from service.views.topics import topics
from service.views.webhooks import webhooks

BLUEPRINTS = (
    events,
    exports,
    searching,
    facets,
    suggestions,
    similar,
    external_ids,
    history,
    merging,
    relations,
    figures,
    agenda,
    changes,
    webhooks,
    deliveries,
    imports,
    topics,
    vocabularies,
    keys,
    me,
    problem_types,
    catalog,
    docs,
    health,
)
