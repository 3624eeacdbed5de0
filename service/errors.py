"""The errors of the service, independent of HTTP; service/http/problems.py gives each its status."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self
from uuid import UUID


@dataclass(frozen=True)
class Fault:
    """One error at one place of the request: a JSON `pointer`, a query `parameter` or a `header`."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None


class ServiceError(Exception):
    """An error of the service.

    A subclass's docstring is its title for the client; `code` is stable and documented.
    """

    code: ClassVar[str] = "error"

    def __init__(self, detail: str, faults: Iterable[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)

    @classmethod
    def at(
        cls, detail: str, *, pointer: str | None = None, parameter: str | None = None, header: str | None = None
    ) -> Self:
        """Return the error with one fault: `detail` at a JSON `pointer`, a query `parameter` or a `header`."""
        return cls(detail, [Fault(detail, pointer, parameter, header)])


class Malformed(ServiceError):
    """The request could not be parsed."""

    code = "malformed"


class Invalid(ServiceError):
    """The request was understood, but is not valid."""

    code = "invalid"

    def __init__(self, detail: str = "Correct the values listed in `errors`.", faults: Iterable[Fault] = ()) -> None:
        super().__init__(detail, faults)


class NotFound(ServiceError):
    """There is no such resource."""

    code = "not-found"


class MethodNotAllowed(ServiceError):
    """Method not allowed."""

    code = "method-not-allowed"


class Gone(ServiceError):
    """The resource was deleted."""

    code = "gone"


class CursorExpired(ServiceError):
    """The cursor has expired. Start again without one."""

    code = "cursor-expired"


class Moved(ServiceError):
    """The resource was merged into another one."""

    code = "moved"

    def __init__(self, detail: str, merged_into: UUID) -> None:
        """`merged_into` is the id of the event that replaces it."""
        super().__init__(detail)
        self.merged_into = merged_into


class NotAcceptable(ServiceError):
    """The resource has no media type that you accept."""

    code = "not-acceptable"


class Conflict(ServiceError):
    """The request conflicts with stored data."""

    code = "conflict"


class Duplicate(Conflict):
    """The event probably exists already."""

    code = "duplicate"

    def __init__(self, detail: str, likely: Iterable[UUID]) -> None:
        """`likely` are the events that it may duplicate."""
        self.likely = tuple(likely)
        super().__init__(detail, [Fault(f"It may be the event {id_}.", pointer="#") for id_ in self.likely])


class Stale(ServiceError):
    """The resource has changed since you read it."""

    code = "stale"


class PreconditionRequired(ServiceError):
    """A change requires If-Match with the ETag that you read."""

    code = "precondition-required"


class Unauthenticated(ServiceError):
    """A valid API key is required."""

    code = "unauthenticated"


class Forbidden(ServiceError):
    """The API key lacks the required scope."""

    code = "forbidden"

    def __init__(self, scope: str) -> None:
        """`scope` is the required one."""
        super().__init__(f"The API key lacks the scope {scope}.")
        self.scope = scope


class TooManyRequests(ServiceError):
    """Too many requests."""

    code = "too-many-requests"

    def __init__(self, detail: str, retry_after: int) -> None:
        """`retry_after` is the number of seconds until the window ends."""
        super().__init__(detail)
        self.retry_after = retry_after


class BodyTimeout(ServiceError):
    """The body took too long to arrive."""

    code = "body-timeout"


class BodyTooLarge(ServiceError):
    """The body is too large."""

    code = "body-too-large"


class UnsupportedMediaType(ServiceError):
    """The body's media type is not supported."""

    code = "unsupported-media-type"


class Unexpected(ServiceError):
    """The service failed unexpectedly."""

    code = "unexpected"


class Unavailable(ServiceError):
    """The service is temporarily unavailable; try again shortly."""

    code = "unavailable"

    #: Seconds to wait before the next try.
    retry_after: ClassVar[int] = 1


class StreamInterrupted(Exception):
    """A body that is read as it arrives has ended early; the message says why."""
