"""Conditional requests (RFC 9110, section 13).

The version is the strong ETag: `"3"`. Another form of the same version says so behind it: `"3-9f2c1a"` with `fields` or
indented, `"3-gzip"` with gzip. A change is conditioned on the version, in whatever form it was read; a cached answer is
known only in the form that it has.
"""

import hashlib
import re

from service.errors import PreconditionRequired, Stale

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')

_GZIPPED = "-gzip"


def etag(version: int | str, form: str = "") -> str:
    """The ETag of a version in a form."""
    return f'"{version}-{form}"' if form else f'"{version}"'


def content_tag(body: bytes) -> str:
    """What stands for a version where nothing counts them: a digest of the content."""
    return hashlib.sha256(body).hexdigest()[:16]


def gzipped(tag: str) -> str:
    """The ETag of the same with gzip."""
    return f'{tag[:-1]}{_GZIPPED}"'


def require_match(if_match: str | None, version: int) -> None:
    """Pass where `if_match` names `version`. Stale where it names others, PreconditionRequired where it is missing."""
    if if_match is None:
        raise PreconditionRequired(f"Send If-Match with the ETag that you read, now {etag(version)}.")
    if if_match.strip() != "*" and str(version) not in _strong_versions(if_match):
        raise Stale(f"The ETag is {etag(version)} by now; read the resource again.")


def is_known(if_none_match: str | None, version: int) -> bool:
    """Whether the client has `version` already, in any form; weak and strong tags are the same here."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or str(version) in {_version(tag) for _, tag in _TAG.findall(if_none_match)}


def known_tag(if_none_match: str | None, tag: str, *, gzip: bool) -> str | None:
    """The tag by which the client has the representation `tag` already, or None.

    It may have it plain, or gzipped if it takes that: a cache may hold both, and must be told which one to use.
    """
    if if_none_match is None:
        return None
    if if_none_match.strip() == "*":
        return tag
    known = {f'"{one}"' for _, one in _TAG.findall(if_none_match)}
    return next((one for one in (gzipped(tag), tag)[not gzip :] if one in known), None)


def _strong_versions(header: str) -> set[str]:
    """The versions of the strong tags in `header`: a weak one never lets a change through."""
    return {_version(tag) for weak, tag in _TAG.findall(header) if not weak}


def _version(tag: str) -> str:
    return tag.partition("-")[0]
