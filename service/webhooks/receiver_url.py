"""The URL of a receiver as it is checked and requested: the target byte for byte, scheme and host without case."""

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

from yarl import URL

#: Scheme, authority and target. A fragment is not sent.
_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)", re.IGNORECASE)

#: Characters of an authority that parsers read in several ways. Only an IPv6 address may have a percent sign.
_AMBIGUOUS = re.compile(r".*\\|[^\[]*%")

#: The visible ASCII characters, which stay as they are.
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))


@lru_cache(maxsize=4_096)
def parse_receiver_url(text: str) -> URL:
    """Return the URL with its target as it stands in `text`; its scheme and its host are ASCII, in lower case.

    Only characters that no request line may hold are percent-encoded. Raise ValueError if the host or port is not
    valid.
    """
    match = _URL.match(text)
    if match is None:
        raise ValueError("The URL needs http or https, and a host.")
    scheme, authority, target = match.groups()
    parts = urlsplit(f"//{authority}")
    if not parts.hostname or _AMBIGUOUS.match(authority):
        raise ValueError("The URL needs a host, without a percent sign or a backslash.")
    url = URL.build(scheme=scheme.lower(), host=parts.hostname, port=parts.port)
    # yarl would decode and resolve parts of a path. As one encoded path, target and query are sent as they are.
    path = quote(target if target.startswith("/") else f"/{target}", safe=_VISIBLE)
    return url.with_path(path, encoded=True)
