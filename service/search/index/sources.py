"""When two addresses are one source."""

import hashlib
import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit

#: Parameters that say where a reader came from, not what is read.
_TRACKING = re.compile(r"(utm_.*|fbclid|gclid|dclid|msclkid|mc_cid|mc_eid|igshid|ref|ref_src|cmpid)\Z", re.IGNORECASE)

#: Characters of a key; what is longer is known by its digest, since an index holds no more than a third of a page.
_LONGEST = 500


@lru_cache(maxsize=1_000)  # each is asked for several times while its event is written
def url_key(url: str) -> str:
    """What is the same for all ways to write the address of one page.

    Scheme, `www.`, case of the host, default port, fragment, a last slash and tracking parameters do not count.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    told = sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(pair[0]))
    key = f"{host}{port}{parts.path.rstrip('/')}" + (f"?{urlencode(told)}" if told else "")
    return key if len(key) <= _LONGEST else hashlib.sha256(key.encode()).hexdigest()
