"""The networks of callers: what counts as one caller."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_network


@lru_cache(maxsize=10_000)  # parsing an address takes longer than counting it
def network_of(address: str) -> str:
    """Return the network of one caller: an IPv4 address, or the /64 in which an IPv6 subscriber picks addresses.

    Some proxies add the port of the connection, which differs for each; it does not count.
    """
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    if ":" not in address:
        return address
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return address
    return str(parsed.ipv4_mapped or ip_network((int(parsed), 64), strict=False))
