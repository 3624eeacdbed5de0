"""Web addresses: valid where Node says so, equal where RFC 3986 says so."""

import json
import random
import re
import subprocess

import pytest

from schemas.web_address import AddressError, parse_address
from tests.feed_validators import URI
from tests.node import NODE

#: Hosts and ports of every kind that the URL standard names.
HOSTS = [
    *("example.org", "EXAMPLE.org", "a_b.eu", "-a.eu", "a..b", "a.eu.", "ab--cd.eu", "a.1a", "a" * 64 + ".eu", "."),
    *("a.eu:", "a.eu:80", "a.eu:443", "a.eu:0", "a.eu:00080", "a.eu:65535", "a.eu:65536", "a.eu:x", ":80", "a:b:1"),
    *(
        "exa<mple.org",
        "a|b",
        "a^b",
        "a`b",
        "a{b}",
        'a"b',
        "a'b",
        "a*b",
        "a,b",
        "a;b",
        "a&b",
        "a=b",
        "a!b",
        "a$b",
        "a+b",
    ),
    *("256.256.256.256", "1.2.3.4", "1.2.3.4.5", "1.2.3", "0x7f.1", "0", "1e400", "0300.1", "09", "a.09", "a.0x", "0x"),
    *("0xffffffff", "0x100000000", "4294967295", "4294967296", "1..2", "1.2.3.4.", "192.168.0.257", "0x1g"),
    *(
        "[::1]",
        "[::g]",
        "[1::2",
        "[::1%25eth0]",
        "[::ffff:1.2.3.4]",
        "[1:2:3:4:5:6:7:8:9]",
        "[]",
        "[::1]x",
        "a]b",
        "[1]",
    ),
    *("ex%41mple.org", "a%2fb", "%zz", "%FF.jp", "a%00b", "%E4%BE%8B.jp", "a%25b"),
    *(
        "例え.jp",
        "münchen.de",
        "MÜNCHEN.de",
        "faß.de",
        "☃.net",
        "💩.la",
        "\uff41.eu",
        "a\u00adb.eu",
        "\u00ad",
        "a。b",
        "a\u200db",
    ),
    *(
        "xn--r8jz45g.jp",
        "xn--a",
        "xn--",
        "xn--zz-.com",
        "xn--ls8h.la",
        "xn--N3h.net",
        "xn--MNCHEN-3YA.de",
        "xn--fa-hia.de",
    ),
]
#: Rest of addresses: what only feeds are strict about.
RESTS = [
    "",
    "/",
    "/é?é#é",
    "/%zz%",
    "/[x]?[y]#[z]",
    '/{x}|^`"<>?{y}|^`"<>#{z}|^`"<>',
    "/a\\b?c\\d#e\\f",
    "?#",
    "/a#b#c",
    "//",
]


def _random_hosts(number: int) -> list[str]:
    random_ = random.Random(20261128)  # noqa: S311 (reproducible)
    characters = "ab.-_0127xX:%2eE4[]|é日ß\u200d\u00ad\uff21N;,'\"<>{}^`~!$&()*+="
    return ["".join(random_.choices(characters, k=random_.randint(1, 9))) for _ in range(number)]


def _hosts_by_node(urls: list[str]) -> list[str | None]:
    script = """
        const host = url => { try { return new URL(url).host } catch { return null } }
        console.log(JSON.stringify(JSON.parse(require("fs").readFileSync(0)).map(host)))
    """
    run = subprocess.run([NODE, "-e", script], input=json.dumps(urls), capture_output=True, text=True, check=True)
    hosts: list[str | None] = json.loads(run.stdout)
    return hosts


def _host(url: str) -> str | None:
    try:
        return parse_address(url).authority
    except AddressError:
        return None


def test_a_host_is_valid_and_spelled_as_in_the_url_standard() -> None:
    urls = [f"https://{host}/" for host in [*HOSTS, *_random_hosts(5_000)]]
    mine = [_host(url) for url in urls]
    assert [
        (url, ours, theirs)
        for url, ours, theirs in zip(urls, mine, _hosts_by_node(urls), strict=True)
        if ours != theirs
    ] == []


@pytest.mark.parametrize("host", HOSTS)
def test_a_valid_address_has_a_spelling_that_every_feed_can_carry(host: str) -> None:
    for rest in RESTS:
        if _host(f"HTTP://{host}{rest}"):
            uri = parse_address(f"HTTP://{host}{rest}").uri
            assert uri.isascii()
            assert parse_address(uri).uri == uri
            assert re.match(URI, uri) or set(host) & set('"`{}'), uri


@pytest.mark.parametrize(
    ("spelling", "uri"),
    [
        ("http://example.org", "http://example.org/"),
        ("HTTPS://Example.ORG:443/", "https://example.org/"),
        ("http://example.org:443/", "http://example.org:443/"),
        ("http://example.org/%7euser/%c3%a9", "http://example.org/~user/%C3%A9"),
        ("http://example.org/é", "http://example.org/%C3%A9"),
        ("http://example.org/a/./b/../c", "http://example.org/a/c"),
        ("http://example.org/a/%2e%2E/c/..", "http://example.org/"),
        ("http://example.org/a/b/.", "http://example.org/a/b/"),
        ("http://example.org/../../a", "http://example.org/a"),
        ("http://example.org/a%2fb", "http://example.org/a%2Fb"),
        ("http://example.org/a//b", "http://example.org/a//b"),
        ("http://example.org?a=%7e", "http://example.org/?a=~"),
        ("http://例え.jp", "http://xn--r8jz45g.jp/"),
    ],
)
def test_equal_addresses_have_one_spelling(spelling: str, uri: str) -> None:
    assert parse_address(spelling).uri == uri


@pytest.mark.parametrize(
    "url", ["", "example.org", "ftp://example.org", "http:example.org", "http://", "http://a@b.eu", "//a"]
)
def test_an_address_needs_a_scheme_and_a_host_and_no_user(url: str) -> None:
    with pytest.raises(AddressError):
        parse_address(url)
