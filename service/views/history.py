"""/v1/events/{id}/revisions: how an event came to be what it is."""

from uuid import UUID

from flask import Blueprint, Response

from schemas.event import EventSchema
from service import store
from service.api import answer, operation
from service.auth import requires
from service.current import reading
from service.errors import Gone, NotFound

history = Blueprint("history", __name__, url_prefix="/v1/events/<uuid:event_id>")


@history.get("/revisions/<int:version>")
@requires("events:read")
@operation(returns=(200, EventSchema), also=[NotFound, Gone], conditional=True)
def get_revision(event_id: UUID, version: int) -> Response:
    """Read one version of an event, as it was served then."""
    with reading() as conn:
        revision = store.revisions.get_revision(conn, event_id, version)
    if revision.record_state == "deleted":
        raise Gone(f"Version {version} of the event {event_id} is its deletion.")
    return answer(revision.document, version)
