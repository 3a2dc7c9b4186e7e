"""Where a request comes from, as a keyed hash: enough to count attempts, useless to trace anybody."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress

from flask import request

from webapp.web.services import services

HOUSEHOLD = 64
CONNECTION = 56
"""A line to a house in Japan gets a /56 or smaller; within it a script could choose 256 households."""


def place(prefix: int = HOUSEHOLD) -> str:
    """Return the keyed hash of the address; IPv6 by its /64, which one household shares, or by ``prefix``."""
    address = network_of(request.remote_addr or "unknown", prefix)
    return hmac.new(services().settings.secret_key.encode(), address.encode(), hashlib.sha256).hexdigest()


def network_of(address: str, prefix: int = HOUSEHOLD) -> str:
    """Return an IPv4 address as it is and an IPv6 one as its prefix, however it is written."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, prefix), strict=False))
