"""Which network addresses are public. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


def is_public(address: str) -> bool:
    """Tell whether ``address`` is one of the public internet; an IPv4 address inside an IPv6 one is looked at itself.

    Raises:
        ValueError: it is no IP address.
    """
    told = ip_address(address.partition("%")[0])
    inner = _ipv4_inside(told) if isinstance(told, IPv6Address) else None
    meant = inner or told
    return meant.is_global and not meant.is_multicast


def _ipv4_inside(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
