"""The names under which this machine may be addressed: protection against DNS rebinding."""

import ipaddress
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ALL_ADDRESSES = frozenset({"0.0.0.0", "::"})


def host_name(header: str) -> str | None:
    """The name in a Host header, in lower case and without its port; None where the header is malformed."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port  # raises ValueError where it is not a number
    except ValueError:
        return None
    if parts.netloc != header or parts.username is not None:
        return None
    return parts.hostname


def is_own_name(name: str | None, bound: str) -> bool:
    """True for a loopback name, for the host that the server was bound to, and for any IP address if bound to all.

    A hostile page whose own domain resolves to this machine sends that domain's name, which is none of these.
    """
    if name is None:
        return False
    if name in LOOPBACK or name == bound.lower():
        return True
    if bound not in ALL_ADDRESSES:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
