"""Addresses that webhooks may go to, checked when the socket is created: no name can lead elsewhere afterwards."""

import errno
import re
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from service.webhooks.receiver_url import parse_receiver_url

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Networks outside the public internet; Python's `is_global` is true for several of them.
FORBIDDEN_IPV4 = [
    (ip_network("0.0.0.0/8"), "this host"),
    (ip_network("10.0.0.0/8"), "private"),
    (ip_network("100.64.0.0/10"), "shared by a carrier's customers; metadata at 100.100.100.200"),
    (ip_network("127.0.0.0/8"), "loopback"),
    (ip_network("168.63.129.16/32"), "a cloud's own services, on a public address"),
    (ip_network("169.254.0.0/16"), "link-local; metadata at 169.254.169.254"),
    (ip_network("172.16.0.0/12"), "private"),
    (ip_network("192.0.0.0/24"), "protocol assignments; metadata at 192.0.0.192"),
    (ip_network("192.0.2.0/24"), "documentation"),
    (ip_network("192.31.196.0/24"), "AS112"),
    (ip_network("192.52.193.0/24"), "AMT relays"),
    (ip_network("192.88.99.0/24"), "6to4 relays"),
    (ip_network("192.168.0.0/16"), "private"),
    (ip_network("192.175.48.0/24"), "AS112"),
    (ip_network("198.18.0.0/15"), "benchmarks"),
    (ip_network("198.51.100.0/24"), "documentation"),
    (ip_network("203.0.113.0/24"), "documentation"),
    (ip_network("224.0.0.0/4"), "multicast"),
    (ip_network("240.0.0.0/4"), "reserved, and broadcast"),
]

#: The only allocated part of IPv6. Outside of it are ::1, mapped IPv4 (::ffff:0:0/96), NAT64 (64:ff9b::/96 and
#: 64:ff9b:1::/48), discard (100::/64), SRv6 (5f00::/16), private (fc00::/7; metadata at fd00:ec2::254), link-local
#: (fe80::/10), site-local (fec0::/10) and multicast (ff00::/8).
ALLOCATED_IPV6 = ip_network("2000::/3")

#: Networks within it that lead elsewhere, or nowhere.
FORBIDDEN_IPV6 = [
    (ip_network("2001::/23"), "protocol assignments: Teredo, benchmarks, ORCHID"),
    (ip_network("2001:db8::/32"), "documentation"),
    (ip_network("2002::/16"), "6to4, which holds any IPv4 address"),
    (ip_network("2620:4f:8000::/48"), "AS112"),
    (ip_network("3fff::/20"), "documentation"),
]

#: A host that a C library reads as one number, or as octal or hexadecimal numbers.
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?\Z", re.IGNORECASE)

#: Maximum characters of a host name, and of a label between its dots (RFC 1035, section 2.3.4).
_MAX_NAME = 253
_MAX_LABEL = 63


class AddressForbidden(OSError):
    """An address that webhooks may not go to. aiohttp treats it as any other error of a socket."""

    def __init__(self, address: str) -> None:
        super().__init__(errno.EACCES, f"{address} is not an address that webhooks may go to")


def parse_networks(setting: str) -> list[Network]:
    """Return the networks of a setting: CIDR forms, joined by commas. Raise ValueError if one is malformed."""
    return [ip_network(one.strip()) for one in setting.split(",") if one.strip()]


def is_public(address: Address) -> bool:
    """Return whether `address` belongs to the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network, _ in FORBIDDEN_IPV4)
    return address in ALLOCATED_IPV6 and not any(address in network for network, _ in FORBIDDEN_IPV6)


class AddressGuard:
    """The addresses that webhooks may go to, by https and by plain http."""

    def __init__(self, private: Sequence[Network], plain: Sequence[Network]) -> None:
        """`private`: networks allowed beside the public internet. `plain`: the only networks that http may go to."""
        self._private = list(private)
        self._plain = list(plain)

    def allows(self, address: Address, *, plain: bool) -> bool:
        """Return whether a webhook may go to `address`, by plain http if `plain`."""
        if plain and not _within(address, self._plain):
            return False
        return is_public(address) or _within(address, self._private)

    def socket_for_https(self, address_info: tuple[Any, ...]) -> socket.socket:
        """Return a socket for one result of getaddrinfo. Raise AddressForbidden if webhooks may not go there."""
        return self._socket(address_info, plain=False)

    def socket_for_http(self, address_info: tuple[Any, ...]) -> socket.socket:
        """Return the same for a connection without TLS."""
        return self._socket(address_info, plain=True)

    def url_error(self, url: str) -> str | None:
        """Return the error of a subscription's URL, or None. A host's name is checked only once it is resolved."""
        try:
            parsed = parse_receiver_url(url)
        except ValueError:
            return "Must have a valid host and port."
        host, plain = parsed.raw_host or "", parsed.scheme == "http"
        if not parsed.port or not _can_resolve(host):
            return "Must have a valid host and port."
        if plain and not self._plain:
            return "Must be https."
        try:
            address = ip_address(host)
        except ValueError:
            return "Write an IP address in its usual form." if _NUMERIC.match(host) else None
        return None if self.allows(address, plain=plain) else "Webhooks may not go to this address."

    def _socket(self, address_info: tuple[Any, ...], *, plain: bool) -> socket.socket:
        family, kind, protocol, _, address = address_info
        if not self.allows(ip_address(address[0]), plain=plain):
            raise AddressForbidden(address[0])
        return socket.socket(family, kind, protocol)


def _can_resolve(host: str) -> bool:
    """Return whether no label of `host` is empty or too long."""
    name = host.removesuffix(".")
    return len(name) <= _MAX_NAME and all(0 < len(label) <= _MAX_LABEL for label in name.split("."))


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
