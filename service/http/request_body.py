"""What a client sent, as a whole and strictly read."""

from typing import Any

from flask import request
from werkzeug.exceptions import HTTPException

from service import strict_json
from service.errors import Malformed
from service.http.context import service


def sent_json() -> Any:
    """The JSON value of the body. See jsontext.parse for what it raises."""
    return strict_json.parse(sent_bytes(), service().body_bounds)


def sent_bytes() -> bytes:
    """The whole body. Malformed where it does not come as it was announced."""
    try:
        body = request.get_data()
        if request.content_length is None and len(body) == request.max_content_length:
            # Where no length was announced werkzeug stops at the limit without a word; asked for more, it raises 413.
            request.stream.read(1)
    except HTTPException:
        raise
    except Exception as error:
        raise Malformed("The body is not sent as HTTP sends it.") from error
    if request.content_length not in (None, len(body)):
        raise Malformed("The body ended before its Content-Length.")
    return body
