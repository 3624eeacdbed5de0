"""What a client would like better: the header Prefer (RFC 7240)."""

import re

HEADER = "Prefer"
APPLIED = "Preference-Applied"

# Possessive throughout: what has matched is not tried again in another way, so that no header takes long.
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_VALUE = rf"\s*+(?:=\s*+(?:{_NAME}|{_QUOTED})?+)?+\s*+"

#: A name with its value, and the parameters behind it, which none of ours has a use for.
_PREFERENCE = re.compile(
    rf"(?P<name>{_NAME})\s*+(?:=\s*+(?P<value>{_NAME}|{_QUOTED})?+)?+\s*+"
    rf"(?:;\s*+(?:{_NAME}{_VALUE})?+)*+(?:,|\Z)\s*+"
)
#: Where the next preference begins, behind one that cannot be read; a quote that never ends takes all of the rest.
_NEXT = re.compile(rf"(?:{_QUOTED}?+|[^,])*+,?\s*+")


def preferred(header: str | None) -> dict[str, str]:
    """The preferences by name in lower case, "" where one has no value; of two with one name the first counts.

    A preference is a wish: what cannot be read is passed over, as the RFC has it.
    """
    found: dict[str, str] = {}
    rest = (header or "").strip()
    while rest:
        one = _PREFERENCE.match(rest)
        if one:
            found.setdefault(one["name"].lower(), _unquoted(one["value"] or ""))
        rest = rest[(one or _NEXT.match(rest)).end() :]  # type: ignore[union-attr]  # _NEXT matches anything
    return found


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
