"""Limits over HTTP: a key, or an address without one, may ask so often.

Told as in draft-ietf-httpapi-ratelimit-headers.
"""

from functools import lru_cache
from ipaddress import IPv6Address, ip_network

from flask import Flask, Response, g, request

from service.errors import TooManyRequests
from service.http.context import service
from service.store.keys import Key


def register(app: Flask) -> None:
    """Tell every caller of a limited route how many requests are left."""
    app.after_request(_tell_standing)


def count_request(key: Key | None) -> None:
    """Count the request for `key`, or for its address where it has no valid one. TooManyRequests beyond the limit."""
    limits = service().limits
    if key is not None:
        standing = limits.count(limits.by_key, str(key.id))
    else:
        standing = limits.count(limits.by_address, network_of(request.remote_addr or ""))
    g.standing = standing
    if standing is not None and standing.exceeded:
        allowed = f"{standing.quota.requests} requests in {standing.quota.seconds} seconds are allowed."
        raise TooManyRequests(allowed, standing.ends_in)


@lru_cache(maxsize=10_000)  # parsing an address takes longer than counting it
def network_of(address: str) -> str:
    """What counts as one caller: an IPv4 address, or the /64 that one IPv6 subscriber chooses addresses from."""
    if ":" not in address:
        return address
    try:
        found = IPv6Address(address)
    except ValueError:
        return address
    return str(found.ipv4_mapped or ip_network((int(found), 64), strict=False))


def _tell_standing(response: Response) -> Response:
    standing = g.get("standing")
    if standing is not None:
        response.headers.add("RateLimit-Policy", standing.quota.policy)
        response.headers.add("RateLimit", standing.told)
    return response
