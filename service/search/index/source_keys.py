"""Keys of sources: equal for all spellings of the address of one document, and for no other document."""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from schemas.web_address import AddressError, parse_address

#: Parameters that tell how a reader came to the page, by the services that add them; they never select a document.
_TRACKING = re.compile(
    r"(utm_\w+|gclid|gclsrc|gbraid|wbraid|dclid|srsltid|_ga|_gl|fbclid|fb_action_ids|fb_action_types|msclkid|yclid|ysclid|twclid"
    r"|ttclid|li_fat_id|igshid|igsh|mc_cid|mc_eid|mkt_tok|_hsenc|_hsmi|__hssc|__hstc|__hsfp|vero_id|vero_conv|oly_anon_id"
    r"|oly_enc_id|ref_src|ref_url|cmpid|xtor|echobox)(=|\Z)",
    re.IGNORECASE,
)
#: The separator between the fragment and what a browser highlights in the document.
_HIGHLIGHT = ":~:"

#: The longest key in characters. A longer one is replaced by its digest, since an index holds a third of a page.
_LONGEST = 500


@lru_cache(maxsize=1_000)  # a write needs the key of each URL several times
def url_key(url: str) -> str:
    """Return the key of a URL, equal for all spellings of the URL of a document.

    Spellings are those of RFC 3986, section 6.2.2. Scheme, `www.`, a last dot or slash, the order of parameters with
    different names, and parameters that track the reader do not count. Every other parameter and the fragment do.
    """
    try:
        address = parse_address(url)
    except AddressError:  # stored before such addresses were refused
        return _shortened(url)
    query = _parameters(address.query or "")
    fragment = _selection(address.fragment or "")
    key = address.authority.removeprefix("www.").removesuffix(".") + address.path.rstrip("/")
    return _shortened(key + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else ""))


def url_keys(content: Mapping[str, Any]) -> list[str]:
    """Return the keys of the sources of a record, each once, in order."""
    return sorted({url_key(source["url"]) for source in content["sources"] if source["url"]})


def source_digest(url: str) -> str:
    """Return a short digest of a source's URL, equal for all spellings of the URL."""
    return hashlib.sha256(url_key(url).encode(errors="replace")).hexdigest()[:32]


def _parameters(query: str) -> str:
    """Return the parameters that do not track, by name; several with one name keep their order."""
    pairs = [pair for pair in query.split("&") if pair and not _TRACKING.match(pair)]
    return "&".join(sorted(pairs, key=lambda pair: pair.partition("=")[0]))


def _selection(fragment: str) -> str:
    """Return the part of a fragment that can select a document: no highlight, no tracking, not the top of the page."""
    selection = fragment.partition(_HIGHLIGHT)[0]
    if selection.lower() == "top" or all(_TRACKING.match(pair) for pair in selection.split("&")):
        return ""
    return selection


def _shortened(key: str) -> str:
    return key if len(key) <= _LONGEST else hashlib.sha256(key.encode(errors="replace")).hexdigest()
