"""Requests to one origin: a scheme, a host and a port. No link and no redirect leads anywhere else."""

from collections.abc import Mapping
from http.client import HTTPMessage, HTTPResponse
from typing import IO
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

#: The ports of the schemes that a request may have.
_PORTS = {"http": 80, "https": 443}


class ForeignAddress(Exception):
    """The service names an address of another origin, which must not get its key."""


class ServiceOrigin:
    """The origin of a service, and the path under which it stands."""

    def __init__(self, url: str) -> None:
        """ValueError unless `url` is an http or https URL with a host."""
        self.url = f"{url.rstrip('/')}/"
        self._parts = urlsplit(self.url)
        self._name = _origin_of(self._parts)
        if not self._parts.hostname or "@" in self._parts.netloc or not self.url.isprintable() or " " in self.url:
            raise ValueError(f"{url} has no host, or has a user name or white space.")
        self._opener = OpenerDirector()
        for handler in (
            ProxyHandler(),
            HTTPHandler(),
            HTTPSHandler(),
            HTTPDefaultErrorHandler(),
            HTTPErrorProcessor(),
            _SameOriginRedirects(self),
        ):
            self._opener.add_handler(handler)

    def resolve(self, link: str) -> str:
        """Return the absolute address of `link`. Raises ForeignAddress if it is of another origin."""
        try:
            parts = urlsplit(urljoin(self.url, link))
            is_own = _origin_of(parts) == self._name
        except ValueError as error:
            raise ForeignAddress(f"The service names an address that is not valid: {_quote(link)}.") from error
        if not is_own:
            raise ForeignAddress(f"The service names an address of another origin: {_quote(link)}.")
        # Host and port are those that the user named, however the link writes them.
        return parts._replace(scheme=self._parts.scheme, netloc=self._parts.netloc, fragment="").geturl()

    def open(self, address: str, headers: Mapping[str, str], timeout: float) -> HTTPResponse:
        """Return the response at `address`, as `resolve` returns one. Errors as of urllib, and ForeignAddress."""
        request = Request(address, headers=dict(headers))  # noqa: S310 (`resolve` checks the scheme)
        try:
            response: HTTPResponse = self._opener.open(request, timeout=timeout)
        except ValueError as error:  # of an address that urllib cannot split
            raise ForeignAddress("The service redirects to an address that is not valid.") from error
        return response


class _SameOriginRedirects(HTTPRedirectHandler):
    """Redirects within the origin: the standard handler would send the key along to any host."""

    def __init__(self, origin: ServiceOrigin) -> None:
        self._origin = origin

    def redirect_request(  # noqa: PLR0917 (the signature of urllib)
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the request that follows a redirect. Raises ForeignAddress if it leads to another origin."""
        try:
            address = self._origin.resolve(newurl)
        except ForeignAddress:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, address)


def _origin_of(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port. ValueError for a port that is no number, and for other schemes than http(s)."""
    if parts.scheme not in _PORTS:
        raise ValueError(f"{parts.scheme or 'No scheme'} is not http or https.")
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _quote(link: str) -> str:
    return repr(link[:200])[1:-1]
