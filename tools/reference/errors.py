"""The types of problem, from service/http/problems.py, each with its usual cause and its remedy."""

from collections.abc import Mapping

from service import errors
from service.errors import ServiceError
from service.http.problems import STATUS, title_of

#: The usual cause and the remedy of each problem.
ADVICE: Mapping[type[ServiceError], tuple[str, str]] = {
    errors.Moved: (
        "The event was merged into another one.",
        "Follow `Location` to read the event that stays. Write to that address: only GET and HEAD redirect.",
    ),
    errors.Malformed: (
        "The body is not JSON, not UTF-8, or nested too deeply; or a gzip or a table cannot be read.",
        "Correct the place that `detail` names. Sending the same request again cannot succeed.",
    ),
    errors.Unauthenticated: (
        "The request carries no API key, or a key that is unknown, revoked or expired.",
        "Send a valid key as `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
    ),
    errors.Forbidden: (
        "The key is valid and lacks the scope that the operation needs.",
        "Use a key with the scope named in `detail`. `GET /v1/me` shows your scopes.",
    ),
    errors.NotFound: (
        "The address has a typing error, or its id does not exist.",
        "Check the path, and look the id up with a list.",
    ),
    errors.MethodNotAllowed: (
        "The path exists and does not support the request's method.",
        "Choose a method from the header `Allow`.",
    ),
    errors.NotAcceptable: (
        "`Accept`, `Accept-Encoding` or `format` leaves no format that the operation offers.",
        "Send `Accept: application/json`, or a format of [Export events](../export.md).",
    ),
    errors.Duplicate: (
        "You asked for duplicates to be rejected, and a similar event is stored.",
        "Compare your event with the events in `Link`. Update one of them, or create yours without the check.",
    ),
    errors.Conflict: (
        "An id or external id is in use, the resource is still referenced, or the same request is in progress.",
        "Read the stored resource, then change your request. Wait first if the request is in progress.",
    ),
    errors.CursorExpired: (
        "The feed no longer keeps the entries after your cursor, or the database was restored.",
        "Read a new snapshot, as [Follow changes](../follow.md#recover-from-an-expired-cursor) shows.",
    ),
    errors.Gone: (
        "The event was deleted.",
        "Drop your copy. The earlier versions remain under `/revisions`.",
    ),
    errors.Stale: (
        "Somebody changed the resource after you read it, so `If-Match` no longer matches.",
        "Read the resource again, apply your change to it, and send the new ETag.",
    ),
    errors.BodyTimeout: (
        "The body arrived so slowly that it was not complete in time.",
        "Send the request again on a better connection. Compress the body with gzip, or split it.",
    ),
    errors.BodyTooLarge: (
        "The body exceeds the limit of the operation, or the copies of a JSON Patch add too much.",
        "Split the body. Send many events as an [import](../import.md).",
    ),
    errors.UnsupportedMediaType: (
        "`Content-Type` is missing, or the operation reads no such type, or the body has another coding than gzip.",
        "Send `application/json`, or the type that the operation documents.",
    ),
    errors.Invalid: (
        "A parameter or a field has a value that is not allowed.",
        "Correct every entry of `errors`; each names a JSON pointer, a parameter or a header.",
    ),
    errors.PreconditionRequired: (
        "A change was sent without `If-Match`.",
        "Read the resource and send its ETag as `If-Match`.",
    ),
    errors.TooManyRequests: (
        "Your key or your address has used up its rate limit.",
        "Wait for the seconds in `Retry-After`. `RateLimit` shows the remaining requests.",
    ),
    errors.Unexpected: (
        "The service has a fault.",
        "Report the `request_id`; the log has the details under it.",
    ),
    errors.Unavailable: (
        "The database is busy or unreachable, or too many long requests are running.",
        "Wait for the seconds in `Retry-After`, then send the request again.",
    ),
}


def problems() -> str:
    """Return a section for each type of problem, in the order of their statuses."""
    return "\n\n".join(_section(error, status) for error, status in sorted(STATUS.items(), key=_status_and_code))


def _status_and_code(item: tuple[type[ServiceError], int]) -> tuple[int, str]:
    error, status = item
    return status, error.code


def _section(error: type[ServiceError], status: int) -> str:
    cause, remedy = ADVICE[error]
    return f"## {error.code}\n\n{status} · {title_of(error)}\n\n- **Cause**: {cause}\n- **Remedy**: {remedy}"
