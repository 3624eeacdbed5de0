"""Conditional requests (RFC 9110, section 13).

The strong ETag is the version: `"3"`. Another form of the same version has a suffix: `"3-9f2c1a"` with `fields` or
indented, `"3-gzip"` with gzip. If-Match accepts the version in any form; If-None-Match needs the cached form itself.
"""

import hashlib
import re

from werkzeug.datastructures import Headers

from service.errors import Malformed, PreconditionRequired, Stale

_ONE_TAG = r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"'
_TAG = re.compile(_ONE_TAG)
#: `*`, or tags with commas between them; a list may have empty members (RFC 9110, 5.6.1).
_TAGS = re.compile(rf"[ \t,]*{_ONE_TAG}(?:[ \t]*,[ \t,]*{_ONE_TAG})*[ \t,]*|[ \t]*\*[ \t]*")

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


def require_match(headers: Headers, version: int, *, required: bool = True) -> None:
    """Refuse a change of `version` unless If-Match names it, and If-None-Match does not.

    Malformed if a header has no tags, Stale if a condition fails, PreconditionRequired without a `required` If-Match.
    """
    if_match, if_none_match = _tags(headers, "If-Match"), _tags(headers, "If-None-Match")
    if if_match is not None and not _names(if_match, str(version)):
        raise Stale(f"The ETag is now {etag(version)}; read the resource again.")
    if is_known(if_none_match, version):
        raise Stale(f"The resource exists already, as version {version}.")
    if required and if_match is None:
        raise PreconditionRequired(f"Send If-Match with the ETag that you read, now {etag(version)}.")


def require_absence(headers: Headers) -> None:
    """Refuse to create a resource under If-Match, which needs one. Errors as of require_match."""
    if _tags(headers, "If-Match") is not None:
        raise Stale("The resource does not exist; omit If-Match to create it.")
    _tags(headers, "If-None-Match")


def require_current(headers: Headers, tag: str | None) -> None:
    """Refuse to read a representation with the ETag `tag`, or without one, if If-Match names others only."""
    if_match = _tags(headers, "If-Match")
    if if_match is not None and not _names(if_match, _version(tag.strip('"')) if tag else None):
        raise Stale(f"The ETag is now {tag}." if tag else "The resource has no ETag; omit If-Match.")


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


def _tags(headers: Headers, name: str) -> str | None:
    """Return the header `name` of a condition, or None without it. Malformed if it is neither `*` nor ETags."""
    header = headers.get(name)
    if header is not None and not _TAGS.fullmatch(header):
        raise Malformed.at('Send ETags in double quotes, such as "1", or *.', header=name)
    return header


def _names(if_match: str, version: str | None) -> bool:
    return if_match.strip() == "*" or version in _strong_versions(if_match)


def _strong_versions(header: str) -> set[str]:
    """Return the versions of the strong tags in `header`; weak ones never permit a change."""
    return {_version(tag) for weak, tag in _TAG.findall(header) if not weak}


def _version(tag: str) -> str:
    return tag.partition("-")[0]
