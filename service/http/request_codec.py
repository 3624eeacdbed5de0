"""The coding of a request's body (RFC 9110, 8.4): none, or gzip."""

import zlib

from flask import request

from service.errors import BodyTooLarge, Malformed, UnsupportedMediaType

HEADER = "Content-Encoding"

#: The codings that a request may have, for Accept-Encoding beside a 415.
ACCEPTED = "gzip, identity"

_GZIP = frozenset({"gzip", "x-gzip"})

#: Makes zlib read gzip, with header and checksum.
_GZIP_WBITS = 16 + zlib.MAX_WBITS


def is_gzipped() -> bool:
    """Return whether the request's body is gzipped. UnsupportedMediaType for any other coding, and for several."""
    header = request.headers.get(HEADER, "")
    codings = {coding.strip().lower() for coding in header.split(",")} - {"", "identity"}
    if not codings:
        return False
    if len(codings) > 1 or not codings <= _GZIP or header.lower().count("gzip") > 1:
        raise UnsupportedMediaType.at("Send the body unencoded or with gzip.", header=HEADER)
    return True


def inflate(body: bytes, most: int) -> bytes:
    """Return the bytes in `body`, one gzip. Malformed if it is damaged, BodyTooLarge beyond `most` bytes.

    It inflates no more than that, however much the body would expand to.
    """
    inflater = zlib.decompressobj(_GZIP_WBITS)
    try:
        inflated = inflater.decompress(body, most + 1)
    except zlib.error as error:
        raise Malformed.at("The body is not gzip, or is damaged.", header=HEADER) from error
    if len(inflated) > most:
        raise BodyTooLarge(f"A body may have at most {most:,} bytes, decompressed.")
    if not inflater.eof or inflater.unused_data:
        raise Malformed.at("The gzip is incomplete, or has bytes after its end.", header=HEADER)
    return inflated
