"""Web addresses: valid ones by the URL standard (WHATWG), and their one spelling by RFC 3986, section 6.2.2."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import unquote_to_bytes

import idna

_PARTS = re.compile(r"(https?)://([^/\\?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?\Z", re.IGNORECASE | re.DOTALL)
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?\Z")
#: Hosts that are their own spelling: most of them.
_PLAIN_HOST = re.compile(r"(?!.*xn--)(?:[a-z0-9_-]+\.)*[a-z][a-z0-9_-]*\Z")
_NUMBER = re.compile(r"(0[xX])?[0-9a-fA-F]*\Z")
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20#/:<>?@\[\\\]^|%\x7f]")

#: Characters that join letters, which a host can have between some letters only.
_JOINERS = "\u200c\u200d"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65535

#: Characters that stand for themselves in a path, and those in a query or a fragment.
_PATH = re.compile(r"[\w.~!$&'()*+,;=:@/-]*\Z", re.ASCII)
_QUERY = re.compile(r"[\w.~!$&'()*+,;=:@/?-]*\Z", re.ASCII)
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})|.", re.ASCII | re.DOTALL)
_UNRESERVED = re.compile(r"[\w.~-]", re.ASCII)


class AddressError(ValueError):
    """No valid web address; the message has the reason."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """The parts of an address in their one spelling. `host` is ASCII, `port` is None if it is that of the scheme."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str | None
    fragment: str | None

    @property
    def authority(self) -> str:
        """Return the host, with the port if there is one."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def uri(self) -> str:
        """Return the address as a URI of RFC 3986."""
        query = "" if self.query is None else f"?{self.query}"
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{self.scheme}://{self.authority}{self.path}{query}{fragment}"


@lru_cache(maxsize=4096)  # a write needs the address of each source several times
def parse_address(text: str) -> WebAddress:
    """Return the address `text`. AddressError if the URL standard refuses it, and for a user name or a missing host."""
    parts = _PARTS.match(text)
    if not parts:
        raise AddressError("it must begin with http:// or https://")
    scheme, authority, path, query, fragment = parts.groups()
    scheme = scheme.lower()
    if "@" in authority:
        raise AddressError("it must be without a user name")
    host_and_port = _HOST_AND_PORT.match(authority)
    if not host_and_port:
        raise AddressError("its port must be a number")
    host, port = host_and_port.groups()
    return WebAddress(
        scheme=scheme,
        host=_host(host),
        port=_port(port or "", _DEFAULT_PORTS[scheme]),
        path=_path(path.replace("\\", "/")),
        query=None if query is None else _escaped(query, _QUERY),
        fragment=None if fragment is None else _escaped(fragment, _QUERY),
    )


def _port(text: str, default: int) -> int | None:
    if not text or int(text[:10]) == default:
        return None
    if int(text[:10]) > _LAST_PORT:
        raise AddressError(f"its port must be at most {_LAST_PORT}")
    return int(text)


def _path(text: str) -> str:
    plain = _escaped(text, _PATH)
    if "/." not in plain:
        return plain or "/"
    segments: list[str] = []
    for segment in plain.split("/")[1:]:
        if segment == ".." and segments:
            segments.pop()
        if segment not in (".", ".."):
            segments.append(segment)
    ends_in_dots = plain.endswith(("/.", "/.."))
    return f"/{'/'.join(segments)}" + ("/" if ends_in_dots and segments else "")


def _escaped(text: str, themselves: re.Pattern[str]) -> str:
    """Return `text` with percent-encoding where it is needed, and only there, in capitals."""
    if themselves.match(text):
        return text

    def spelling(match: re.Match[str]) -> str:
        if digits := match[1]:
            character = chr(int(digits, 16))
            return character if _UNRESERVED.match(character) else f"%{digits.upper()}"
        if themselves.match(match[0]):
            return match[0]
        return "".join(f"%{byte:02X}" for byte in match[0].encode(errors="replace"))

    return _ESCAPE.sub(spelling, text)


def _host(text: str) -> str:
    if _PLAIN_HOST.match(text):
        return text
    if text.startswith("["):
        return f"[{_checked(IPv6Address, text[1:-1])}]"
    try:
        host = _domain(unquote_to_bytes(text).decode())
    except (UnicodeError, idna.IDNAError):
        raise AddressError("its host is no domain name") from None
    if not host or _FORBIDDEN_IN_HOST.search(host):
        raise AddressError("its host has a character that no host can have" if host else "it must have a host")
    last = host.removesuffix(".").rsplit(".", 1)[-1]
    is_number = last.isdigit() or (last.startswith("0x") and _NUMBER.match(last))
    return _ipv4(host.removesuffix(".")) if is_number else host


def _domain(text: str) -> str:
    """Return a domain in ASCII and lower case, mapped by UTS 46 as the URL standard has it."""
    labels = idna.uts46_remap(text, std3_rules=False, transitional=False).split(".")
    return ".".join(_label(one) for one in labels)


def _label(text: str) -> str:
    if text.isascii() and not text.startswith("xn--"):
        return text
    meaning = text[4:].encode("ascii").decode("punycode") if text.isascii() else text
    joiners_fit = all(idna.valid_contextj(meaning, place) for place, one in enumerate(meaning) if one in _JOINERS)
    if (
        meaning.isascii()
        or not joiners_fit
        or idna.uts46_remap(meaning, std3_rules=False, transitional=False) != meaning
    ):
        raise UnicodeError
    idna.check_bidi(meaning)
    return f"xn--{meaning.encode('punycode').decode('ascii')}"


def _ipv4(text: str) -> str:
    """Return an IPv4 address of one to four numbers, which can be octal or hexadecimal."""
    *first, last = [_ipv4_number(part) for part in text.split(".")]
    if len(first) > 3 or any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):  # noqa: PLR2004 (bytes)
        raise AddressError("its host is no IPv4 address")
    return str(IPv4Address(last + sum(number << 8 * (3 - place) for place, number in enumerate(first))))


def _ipv4_number(text: str) -> int:
    try:
        if text[:2] in ("0x", "0X"):
            return int(text[2:] or "0", 16)
        return int(text, 8 if text.startswith("0") and len(text) > 1 else 10)
    except ValueError:
        raise AddressError("its host is no IPv4 address") from None


def _checked(address: Callable[[str], object], text: str) -> object:
    if "%" in text:
        raise AddressError("its host is no IPv6 address")
    try:
        return address(text)
    except ValueError:
        raise AddressError("its host is no IPv6 address") from None
