"""Which addresses may be asked. URLs come from strangers, who may know what stands on our own network."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from connectors.web.refusals import NotNow, Refused
from schemas.reasons import Absent

#: As `socket.getaddrinfo`, called with host, port and type.
Resolve: TypeAlias = Callable[..., Sequence[tuple[Any, Any, Any, Any, Any]]]
_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_MAX_URL = 8_192
_PORTS = {"http": 80, "https": 443}
#: Networks of IPv6 that stand for addresses of IPv4: NAT64, and its local form.
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_LOW_32 = 0xFFFF_FFFF


def checked_url(text: str) -> Url:
    """The URL, with its host as it is looked up and without user names.

    Raises:
        Refused: it is none of http(s), has no host or a broken one.
    """
    if len(text) > _MAX_URL or any(ord(letter) <= ord(" ") or ord(letter) == 0x7F for letter in text) or "\\" in text:  # noqa: PLR2004 - delete
        raise Refused(
            Absent.UNSAFE_ADDRESS, "the address holds blanks, backslashes or control characters, or is too long"
        )
    try:
        url = parse_url(text)
    except (LocationParseError, ValueError) as error:
        raise Refused(Absent.UNSAFE_ADDRESS, f"{text[:200]} is no address") from error
    if url.scheme not in _PORTS:
        raise Refused(Absent.UNSAFE_ADDRESS, f"{url.scheme or 'no scheme'} is neither http nor https")
    host = (url.host or "").rstrip(".")
    if not host or host.startswith("[") != host.endswith("]"):
        raise Refused(Absent.UNSAFE_ADDRESS, f"{text[:200]} has no host")
    return url._replace(auth=None, host=host, port=url.port or _PORTS[url.scheme], fragment=None)


def is_open(address: str) -> bool:
    """Whether an IP address is on the open net: no private, loopback, link-local, shared, reserved or multicast one.

    An address of IPv6 that stands for one of IPv4 (mapped, 6to4, Teredo, NAT64) is as good as that one.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    return all(part.is_global and not part.is_multicast and not part.is_reserved for part in _meant(found))


def _meant(address: _Address) -> list[_Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.sixtofour:
        return [address.sixtofour]
    if address.teredo:
        return list(address.teredo)
    if any(address in network for network in _NAT64):
        return [ipaddress.IPv4Address(int(address) & _LOW_32)]
    return [address]


class Gate:
    """Opens connections to addresses on the open net, and to those that are allowed by name.

    Args:
        allowed: `host:port` of servers that may be asked although they are not, such as `127.0.0.1:8080`.
        resolve: looks hosts up.
    """

    def __init__(self, allowed: Sequence[str] = (), resolve: Resolve = socket.getaddrinfo) -> None:
        self._allowed = frozenset(allowed)
        self._resolve = resolve

    def connect(self, host: str, port: int, timeout_s: float | None) -> socket.socket:
        """A connection to one of the host's addresses, each of which was checked: what is asked is what was looked at.

        Raises:
            Refused: an address of the host is not on the open net.
            NotNow: the host is not known, or does not answer.
        """
        last: OSError | None = None
        for family, kind, protocol, _, place in self._looked_up(host.strip("[]"), port):
            sock = socket.socket(family, kind, protocol)
            sock.settimeout(timeout_s)
            try:
                sock.connect(place)
            except OSError as error:
                sock.close()
                last = error
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
        raise NotNow(f"{host} does not answer: {last or 'it has no address'}")

    def _looked_up(self, host: str, port: int) -> Sequence[tuple[Any, Any, Any, Any, Any]]:
        try:
            found = self._resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NotNow(f"{host} is not known: {error}") from error
        for *_, place in found:
            address = str(place[0])
            if f"{address}:{port}" not in self._allowed and not is_open(address):
                raise Refused(Absent.UNSAFE_ADDRESS, f"{host} leads to {address}, which is not on the open net")
        return found
