"""Which addresses may be asked. URLs come from strangers, who may know what stands on our own network."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from blift.connectors.web.refusals import NotNow, Refused
from blift.schemas.reasons import Absent

#: As `socket.getaddrinfo`, called with host, port and type.
Resolve: TypeAlias = Callable[..., Sequence[tuple[Any, Any, Any, Any, Any]]]
_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_MAX_URL = 8_192
_DELETE = 0x7F
_PORTS = {"http": 80, "https": 443}
#: The only part of IPv6 from which addresses for the open net are given out (RFC 4291, IANA).
_UNICAST = ipaddress.IPv6Network("2000::/3")
#: NAT64's well-known prefix: the last 32 bits are the address of IPv4 that is meant (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
#: The interface of ISATAP: 32 bits of IPv4 come after it (RFC 5214); the bit of local ones left out.
_ISATAP, _ISATAP_BITS = 0x0000_5EFE, 0xFDFF_FFFF
_LOW_32 = 0xFFFF_FFFF
#: Global by number, and yet not on the open net.
_NOT_OPEN = (
    ipaddress.ip_network("168.63.129.16/32"),  # a cloud's own services, seen from within it
    ipaddress.ip_network("192.88.99.0/24"),  # relays of 6to4, given up (RFC 7526)
    ipaddress.ip_network("3fff::/20"),  # documentation (RFC 9637), which older Pythons do not know
)
#: Addresses of one host that are tried.
_TRIED = 8


def checked_url(text: str) -> Url:
    """The URL, with its host as it is looked up and without user names. Blanks around it are cut, others are escaped.

    Raises:
        Refused: it is none of http(s), has no host or a broken one.
    """
    text = text.strip(" ")
    if len(text) > _MAX_URL or any(ord(letter) < ord(" ") or ord(letter) == _DELETE for letter in text) or "\\" in text:
        raise Refused(Absent.UNSAFE_ADDRESS, "the address holds backslashes or control characters, or is too long")
    try:
        url = parse_url(text)
    except (LocationParseError, ValueError) as error:
        raise Refused(Absent.UNSAFE_ADDRESS, f"{text[:200]} is no address") from error
    if url.scheme not in _PORTS:
        raise Refused(Absent.UNSAFE_ADDRESS, f"{url.scheme or 'no scheme'} is neither http nor https")
    host = (url.host or "").rstrip(".")
    if not host or " " in host or "%" in host or host.startswith("[") != host.endswith("]"):
        raise Refused(Absent.UNSAFE_ADDRESS, f"{text[:200]} has no host")
    if url.port == 0:
        raise Refused(Absent.UNSAFE_ADDRESS, f"{text[:200]} has no port")
    return url._replace(auth=None, host=host, port=url.port or _PORTS[url.scheme], fragment=None)


def is_open(address: str) -> bool:
    """Whether an IP address is on the open net: no private, loopback, link-local, shared, reserved or multicast one.

    An address of IPv6 that stands for one of IPv4 (mapped, 6to4, Teredo, NAT64, ISATAP) is as good as that one.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    return all(_is_open(part) for part in _meant(found))


def _is_open(address: _Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    if any(address.version == network.version and address in network for network in _NOT_OPEN):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _meant(address: _Address) -> list[_Address]:
    """The addresses that are asked where this one is."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.teredo:
        return list(address.teredo)
    low = ipaddress.IPv4Address(int(address) & _LOW_32)
    inner = address.ipv4_mapped or address.sixtofour or (low if address in _NAT64 else None)
    if inner:
        return [inner]
    is_isatap = (int(address) >> 32) & _ISATAP_BITS == _ISATAP
    return [address, low] if is_isatap else [address]


class Gate:
    """Opens connections to addresses on the open net, and to those that are allowed by name.

    Args:
        allowed: servers that may be asked although they are not on the open net: `host:port` such as
            `127.0.0.1:8080`, `[::1]:8080` or `mirror:8080`, or a network such as `10.1.0.0/16`, whatever the port.
        resolve: looks hosts up.

    Raises:
        ValueError: a network is none.
    """

    def __init__(self, allowed: Sequence[str] = (), resolve: Resolve = socket.getaddrinfo) -> None:
        self._networks = [ipaddress.ip_network(place) for place in allowed if "/" in place]
        self._places = frozenset(place.replace("[", "").replace("]", "") for place in allowed if "/" not in place)
        self._resolve = resolve

    def connect(self, host: str, port: int, timeout_s: float | None) -> socket.socket:
        """A connection to one of the host's addresses, each of which was checked: what is asked is what was looked at.

        Args:
            host: name or address.
            port: of TCP.
            timeout_s: for all its addresses together, and then for each read.

        Raises:
            Refused: an address of the host is not on the open net.
            NotNow: the host is not known, or does not answer.
        """
        last: OSError | None = None
        ends_at = None if timeout_s is None else time.monotonic() + timeout_s
        for family, kind, protocol, _, place in self._looked_up(host.strip("[]"), port)[:_TRIED]:
            left_s = None if ends_at is None else ends_at - time.monotonic()
            if left_s is not None and left_s <= 0:
                break
            sock = socket.socket(family, kind, protocol)
            sock.settimeout(left_s)
            try:
                sock.connect(place)
            except OSError as error:
                sock.close()
                last = error
            else:
                sock.settimeout(timeout_s)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
        raise NotNow(f"{host} does not answer: {last or 'it has no address'}")

    def check_number(self, host: str, port: int) -> None:
        """Look at a host that is written as an address; a name passes.

        Raises:
            Refused: it is not on the open net.
        """
        try:
            address = str(ipaddress.ip_address(host.strip("[]").partition("%")[0]))
        except ValueError:
            return
        self._check(address, address, port)

    def _looked_up(self, host: str, port: int) -> Sequence[tuple[Any, Any, Any, Any, Any]]:
        try:
            found = self._resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NotNow(f"{host} is not known: {error}") from error
        for *_, place in found:
            self._check(host, str(place[0]), port)
        return found

    def _check(self, host: str, address: str, port: int) -> None:
        if not self._is_allowed(host, address, port) and not is_open(address):
            raise Refused(Absent.UNSAFE_ADDRESS, f"{host} leads to {address}, which is not on the open net")

    def _is_allowed(self, host: str, address: str, port: int) -> bool:
        if not self._places.isdisjoint((f"{host}:{port}", f"{address}:{port}")):
            return True
        known = ipaddress.ip_address(address.partition("%")[0])
        return any(known.version == network.version and known in network for network in self._networks)
