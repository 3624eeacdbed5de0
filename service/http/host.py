"""The Host header, of which links are made (RFC 9112, 3.2)."""

import re

from flask import Flask, request

from service.errors import Malformed

#: A name, an IPv4 address or an IPv6 address in brackets, with or without a port.
_HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")


def register(app: Flask) -> None:
    """Refuse requests to `app` without a valid host."""
    app.before_request(require_host)


def require_host() -> None:
    """Raise Malformed unless the request has one Host header with a host. HTTP/1.0 may omit it."""
    environ = request.environ
    host = environ.get("HTTP_HOST")
    if host is None and environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return
    if host is None or not _HOST.fullmatch(host):
        raise Malformed.at("Send one Host header, with a host name or an address.", header="Host")
