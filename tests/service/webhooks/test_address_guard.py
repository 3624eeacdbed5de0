"""Addresses that webhooks may go to, in every form that has misled other software."""

import socket
from ipaddress import ip_address

import pytest

from service.webhooks.address_guard import (
    FORBIDDEN_IPV4,
    FORBIDDEN_IPV6,
    AddressForbidden,
    AddressGuard,
    is_public,
    parse_networks,
)

#: Forbidden addresses by their kind. A setting may allow some of them.
REFUSED = {
    "this host": ["0.0.0.1", "0.1.2.3", "0.255.255.255", "::"],
    "loopback": ["127.0.0.1", "127.0.0.53", "127.255.255.255", "::1"],
    "private": ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"],
    "private, IPv6": ["fc00::1", "fd00:ec2::254", "fd12:3456::1", "fdff:ffff::1", "fec0::1", "feff::1"],
    "link-local": ["169.254.0.1", "169.254.255.255", "fe80::1", "febf::1", "fe80::1%eth0"],
    "metadata": ["169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16"],
    "carrier-grade NAT": ["100.64.0.0", "100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1", "ffff::1"],
    "reserved and broadcast": ["240.0.0.1", "255.255.255.255"],
    "IPv4 in IPv6": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::ffff:0:1"],
    "compatible and translated IPv4": ["::127.0.0.1", "::8.8.8.8", "::ffff:0:7f00:1"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "64:ff9b:1:ffff::1"],
    "6to4": ["2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1", "192.88.99.1"],
    "Teredo and other protocols": ["2001::1", "2001:0:7f00:1::1", "2001:2::1", "2001:20::1", "2001:1ff::1"],
    "benchmarks": ["198.18.0.1", "198.19.255.255"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1", "3fff:fff::1"],
    "protocol assignments": ["192.0.0.1", "192.0.0.8", "192.0.0.170"],
    "anycast of others": ["192.31.196.1", "192.52.193.1", "192.175.48.1", "2620:4f:8000::1"],
    "discard and SRv6": ["100::1", "100:0:0:1::1", "5f00::1", "5fff::1"],
    "not given out": ["4000::1", "8000::1", "1fff::1", "::2"],
}

PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *("128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.255.255"),
    *("192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15", "168.63.129.17"),
    *("2001:200::1", "2001:4860:4860::8888", "2606:4700::1111", "2a00:1450::1", "3ffe::1", "2003::1", "3fff:1000::1"),
]

NOWHERE_ELSE = AddressGuard([], [])


@pytest.mark.parametrize("address", [one for addresses in REFUSED.values() for one in addresses])
def test_an_address_outside_the_public_internet_is_refused_when_the_socket_is_created(address: str) -> None:
    assert not is_public(ip_address(address))
    for port in (80, 443):
        with pytest.raises(AddressForbidden):
            NOWHERE_ELSE.socket_for_https(_resolved(address, port))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reachable_by_https_only(address: str) -> None:
    NOWHERE_ELSE.socket_for_https(_resolved(address)).close()
    with pytest.raises(AddressForbidden):
        NOWHERE_ELSE.socket_for_http(_resolved(address))


def test_every_forbidden_network_is_refused_from_its_first_to_its_last_address() -> None:
    for network, _ in (*FORBIDDEN_IPV4, *FORBIDDEN_IPV6):
        assert not is_public(network[0])
        assert not is_public(network[-1])


@pytest.mark.parametrize(
    ("address", "by_https", "by_http"),
    [
        ("10.20.1.1", True, False),
        ("10.21.0.1", False, False),
        ("127.0.0.1", True, True),
        ("::1", False, False),
        ("::ffff:127.0.0.1", False, False),
        ("::ffff:10.20.1.1", False, False),
        ("8.8.8.8", True, False),
        ("9.9.9.9", True, True),
        ("fd00:1::5", True, False),
        ("192.168.5.5", False, False),
    ],
)
def test_settings_allow_private_networks_and_plain_http(address: str, *, by_https: bool, by_http: bool) -> None:
    # 192.168.0.0/16 may be reached by http, but is not among the private networks that may be reached at all.
    guard = AddressGuard(
        parse_networks("10.20.0.0/16, 127.0.0.0/8,fd00:1::/32"), parse_networks("127.0.0.0/8,9.9.9.0/24,192.168.0.0/16")
    )
    assert guard.allows(ip_address(address), plain=False) is by_https
    assert guard.allows(ip_address(address), plain=True) is by_http


@pytest.mark.parametrize("setting", ["10.0.0.1/8", "localhost", "10.0.0.0/33", "10.0.0.0 - 10.0.0.9"])
def test_a_malformed_network_setting_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match=r"host bits set|does not appear to be"):
        parse_networks(setting)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://example.org/hook", None),
        ("https://8.8.8.8/hook", None),
        ("https://[2606:4700::1111]/hook", None),
        ("https://xn--fsq.example", None),
        ("https://123.example", None),
        ("http://example.org/hook", "Must be https."),
        ("HTTP://Example.org/hook", "Must be https."),
        ("HTTPS://Example.ORG/hook", None),
        ("HTTPS://LOCALHOST.example/", None),
        ("https://a\\b/", "valid host"),
        ("https://a:70000/", "valid host"),
        ("https://127.0.0.1/", "may not go"),
        ("https://[::1]/", "may not go"),
        ("https://[::ffff:127.0.0.1]/", "may not go"),
        ("https://[fe80::1%25eth0]/", "may not go|usual form"),
        ("https://169.254.169.254/latest/meta-data", "may not go"),
        ("https://2130706433/", "usual form"),
        ("https://0x7f000001/", "usual form"),
        ("https://0X7F.1/", "usual form"),
        ("https://017700000001/", "usual form"),
        ("https://0177.0.0.1/", "usual form"),
        ("https://127.1/", "usual form"),
        ("https://127.0.1/", "usual form"),
        ("https://0x7f.0x0.0x0.0x1/", "usual form"),
        ("https://127.0.0.1./", "usual form"),
        ("https://127.0.0.01/", "usual form"),
        ("https://0/", "usual form"),
        ("https://\uff11\uff12\uff17.0.0.1/", "may not go"),
        ("https://127\u30020\u30020\u30021/", "may not go"),
        ("https://\u2460\u2461\u2466.1/", "usual form"),
        ("https://255.255.255.255/", "may not go"),
        ("https://[64:ff9b::7f00:1]/", "may not go"),
        ("https://[2002:7f00:1::]/", "may not go"),
        ("https://receiver.example./", None),
        (f"https://{'a' * 63}.example/", None),
        ("https://a..example/", "valid host"),
        ("https://.example/", "valid host"),
        (f"https://{'a' * 64}.example/", "valid host"),
        (f"https://{'.'.join(['a' * 60] * 5)}/", "valid host"),
        ("https://%65xample.com/", "valid host"),
        ("https://receiver.example\\@elsewhere.example/", "valid host"),
        ("https://receiver.example:0/", "valid host"),
    ],
)
def test_a_url_with_a_forbidden_address_has_an_error_before_any_request(url: str, problem: str | None) -> None:
    error = NOWHERE_ELSE.url_error(url)
    if problem is None:
        assert error is None
    else:
        assert any(part in (error or "") for part in problem.split("|"))


def _resolved(address: str, port: int = 443) -> tuple[object, ...]:
    """Return getaddrinfo's result for an address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
