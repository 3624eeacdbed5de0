"""What can go wrong, said without HTTP; problems.py tells it over HTTP."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self
from uuid import UUID


@dataclass(frozen=True)
class Fault:
    """One thing wrong at one place of what was sent: a JSON `pointer`, a query `parameter` or a `header`."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None


class ServiceError(Exception):
    """Something went wrong.

    A subclass's docstring is its title for the client, constant for the class; `code` is stable and documented.
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
    """The resource does not know this method."""

    code = "method-not-allowed"


class Gone(ServiceError):
    """The resource existed and was deleted."""

    code = "gone"


class CursorExpired(ServiceError):
    """What follows the cursor is not known any more; begin anew."""

    code = "cursor-expired"


class Moved(ServiceError):
    """The resource is part of another one now."""

    code = "moved"

    def __init__(self, detail: str, merged_into: UUID) -> None:
        """`merged_into`: the event that it is part of."""
        super().__init__(detail)
        self.merged_into = merged_into


class NotAcceptable(ServiceError):
    """The resource has no form that you accept."""

    code = "not-acceptable"


class Conflict(ServiceError):
    """The request conflicts with what is stored."""

    code = "conflict"


class Duplicate(Conflict):
    """The event is likely recorded already."""

    code = "duplicate"

    def __init__(self, detail: str, likely: Iterable[UUID]) -> None:
        """`likely`: the events that it may be."""
        self.likely = tuple(likely)
        super().__init__(detail, [Fault(f"It may be the event {id_}.", pointer="#") for id_ in self.likely])


class Stale(ServiceError):
    """The resource has changed since you read it."""

    code = "stale"


class PreconditionRequired(ServiceError):
    """A change needs If-Match with the ETag you read."""

    code = "precondition-required"


class Unauthenticated(ServiceError):
    """A valid API key is needed."""

    code = "unauthenticated"


class Forbidden(ServiceError):
    """The API key lacks the scope for this."""

    code = "forbidden"

    def __init__(self, scope: str) -> None:
        """`scope`: the one that it lacks."""
        super().__init__(f"The API key lacks the scope {scope}.")
        self.scope = scope


class TooManyRequests(ServiceError):
    """There were more requests than are allowed in this time."""

    code = "too-many-requests"

    def __init__(self, detail: str, retry_after: int) -> None:
        """`retry_after`: seconds until the next one is answered."""
        super().__init__(detail)
        self.retry_after = retry_after


class BodyTooLarge(ServiceError):
    """The body is larger than is allowed here."""

    code = "body-too-large"


class UnsupportedMediaType(ServiceError):
    """The body's media type is not supported here."""

    code = "unsupported-media-type"


class Unexpected(ServiceError):
    """Something went wrong in the service."""

    code = "unexpected"


class Unavailable(ServiceError):
    """The service cannot answer right now; try again shortly."""

    code = "unavailable"

    #: Seconds after which to try again.
    retry_after: ClassVar[int] = 1
