"""Conditional requests (RFC 9110, section 13).

The strong ETag is the version: `"3"`. Another form of the same version has a suffix: `"3-9f2c1a"` with `fields` or
indented, `"3-gzip"` with gzip. If-Match accepts the version in any form; If-None-Match needs the cached form itself.
"""

import hashlib
import re

from service.errors import PreconditionRequired, Stale

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')

_GZIPPED = "-gzip"


def etag(version: int | str, form: str = "") -> str:
    """Return the ETag of a version in a form."""
    return f'"{version}-{form}"' if form else f'"{version}"'


def content_tag(body: bytes) -> str:
    """Return a digest of the content, as the version of a document that has none."""
    return hashlib.sha256(body).hexdigest()[:16]


def gzipped(tag: str) -> str:
    """Return the ETag of the same document with gzip."""
    return f'{tag[:-1]}{_GZIPPED}"'


def require_match(if_match: str | None, version: int) -> None:
    """Refuse a change unless If-Match names `version`. Stale if it names others, PreconditionRequired without it."""
    if if_match is None:
        raise PreconditionRequired(f"Send If-Match with the ETag that you read, now {etag(version)}.")
    if if_match.strip() != "*" and str(version) not in _strong_versions(if_match):
        raise Stale(f"The ETag is now {etag(version)}; read the resource again.")


def require_unchanged(before: int, version: int) -> None:
    """Refuse a change that was computed from the version `before` if another writer has made `version` since."""
    if before != version:
        raise Stale(f"The ETag is now {etag(version)}; read the resource again.")


def is_known(if_none_match: str | None, version: int) -> bool:
    """Return whether If-None-Match names `version` in any form; weak and strong tags are the same here."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or str(version) in {_version(tag) for _, tag in _TAG.findall(if_none_match)}


def known_tag(if_none_match: str | None, tag: str, *, gzip: bool) -> str | None:
    """Return the tag in If-None-Match of the client's cached copy, or None if it has to be sent.

    A cache may hold the representation `tag` plain and gzipped, and the 304 must say which copy to use.
    """
    if if_none_match is None:
        return None
    if if_none_match.strip() == "*":
        return tag
    cached = {f'"{one}"' for _, one in _TAG.findall(if_none_match)}
    return next((one for one in (gzipped(tag), tag)[not gzip :] if one in cached), None)


def _strong_versions(header: str) -> set[str]:
    """Return the versions of the strong tags in `header`; weak ones never permit a change."""
    return {_version(tag) for weak, tag in _TAG.findall(header) if not weak}


def _version(tag: str) -> str:
    return tag.partition("-")[0]
