"""Conditional requests (RFC 9110, section 13): the version is the strong ETag."""

import re

from service.errors import PreconditionRequired, Stale

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def etag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def require_match(if_match: str | None, version: int) -> None:
    """Pass where `if_match` names `version`. Stale where it names others, PreconditionRequired where it is missing."""
    if if_match is None:
        raise PreconditionRequired(f"Send If-Match with the ETag that you read, now {etag(version)}.")
    if if_match.strip() != "*" and str(version) not in _strong(if_match):
        raise Stale(f"The ETag is {etag(version)} by now; read the resource again.")


def is_known(if_none_match: str | None, version: int) -> bool:
    """Whether the client has `version` already; weak and strong tags are the same here."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or str(version) in {tag for _, tag in _TAG.findall(if_none_match)}


def _strong(header: str) -> set[str]:
    """The strong tags in `header`: a weak one never lets a change through."""
    return {tag for weak, tag in _TAG.findall(header) if not weak}
