"""The Host header (RFC 9112, 3.2) and the scheme, of which links are made."""

import re
from ipaddress import IPv6Address

from flask import Flask, request

from service.errors import Malformed

_LABEL = r"(?:[A-Za-z0-9_~!$&'()*+;=-]|%[0-9A-Fa-f]{2}){1,63}"

#: A name, an IPv4 address or an IPv6 address in brackets, with or without a port.
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*\.?|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{{0,5}}))?")

_MAX_PORT = 65_535


def register(app: Flask) -> None:
    """Refuse requests to `app` without a valid host and scheme."""
    app.before_request(require_host)
    app.before_request(require_scheme)


def require_host() -> None:
    """Raise Malformed unless the request has one Host header with a host. HTTP/1.0 may omit it."""
    environ = request.environ
    host = environ.get("HTTP_HOST")
    if host is None and environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return
    if host is None or not _is_host(host):
        raise Malformed.at("Send one Host header, with a host name or an address.", header="Host")


def require_scheme() -> None:
    """Raise Malformed if a trusted proxy passed on another scheme than http or https."""
    if request.scheme.lower() not in ("http", "https"):
        raise Malformed.at("Let the proxy send http or https.", header="X-Forwarded-Proto")


def _is_host(text: str) -> bool:
    parts = _HOST.fullmatch(text)
    return parts is not None and int(parts["port"] or 0) <= _MAX_PORT and (not parts["ipv6"] or _is_ipv6(parts["ipv6"]))


def _is_ipv6(address: str) -> bool:
    try:
        IPv6Address(address)
    except ValueError:
        return False
    return True
