from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.web.addresses import Gate, checked_url, is_open
from blift.connectors.web.refusals import NotNow, Refused
from blift.schemas.reasons import Absent

#: Networks that RFC 6890 and its successors keep from the open net.
CLOSED = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.2.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
]  # fmt: skip


@given(network=st.sampled_from(CLOSED), data=st.data())
def test_no_address_of_a_closed_network_is_open_in_any_spelling(network: str, data: st.DataObject) -> None:
    address = data.draw(st.ip_addresses(network=network))
    assert isinstance(address, ipaddress.IPv4Address)
    number = int(address)
    assert not is_open(str(address))
    assert not is_open(f"::ffff:{address}")
    assert not is_open(str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))))  # 6to4
    assert not is_open(str(ipaddress.IPv6Address((0x64FF9B << 96) | number)))  # NAT64


@pytest.mark.parametrize(
    "address",
    [
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "2001:db8::1",
        "64:ff9b:1::a00:1",
        "2001:4860::5efe:a00:1",
        "168.63.129.16",
        "4000::1",
    ],
)
def test_closed_addresses_of_ipv6(address: str) -> None:
    assert not is_open(address)


@pytest.mark.parametrize("address", ["151.101.1.140", "2a04:4e42::396", "::ffff:151.101.1.140", "64:ff9b::9765:18c"])
def test_open_addresses(address: str) -> None:
    assert is_open(address)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file:///etc/passwd", "file is neither http nor https"),
        ("ftp://example.com/x", "ftp is neither http nor https"),
        ("gopher://127.0.0.1:25/x", "gopher is neither"),
        ("javascript:alert(1)", "neither http nor https"),
        ("//example.com/x", "no scheme is neither"),
        ("http://", "no host"),
        ("http:///x", "no host"),
        ("http://exa mple.com/", "is no address"),
        ("http://example.com:0/", "has no port"),
        ("http://example.com\\@127.0.0.1/", "backslashes"),
        ("http://example.com/\r\nHost: other", "control characters"),
        ("http://example.com:notaport/", "is no address"),
        ("http://[::1/", "is no address"),
        ("http://example.com/" + "a" * 9_000, "too long"),
    ],
)
def test_what_may_not_be_asked_for_is_told(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        checked_url(text)
    assert refused.value.reason is Absent.UNSAFE_ADDRESS


def test_user_names_and_fragments_are_not_sent() -> None:
    url = checked_url("https://user:secret@Example.com./a?b#c")
    assert (url.auth, url.fragment, url.host, url.port) == (None, None, "example.com", 443)


@given(text=st.text(max_size=60).map(lambda text: f"http://{text}"))
def test_no_address_does_more_than_be_refused(text: str) -> None:
    with suppress(Refused):
        assert checked_url(text).host


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0"])
def test_loopback_is_not_asked_in_any_spelling(host: str) -> None:
    with pytest.raises(Refused, match="is not on the open net"):
        Gate().connect(host, 80, 1.0)


def resolver(*answers: list[str]) -> Any:
    """A DNS that gives one answer after another."""
    left = list(answers)

    def resolve(_host: str, port: int, **_: object) -> list[Any]:
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    return resolve


def test_one_closed_address_among_open_ones_is_enough() -> None:
    with pytest.raises(Refused, match=r"example.com leads to 10.0.0.7, which is not on the open net"):
        Gate(resolve=resolver(["151.101.1.140", "10.0.0.7"])).connect("example.com", 80, 1.0)


def test_a_name_is_looked_up_for_each_connection_and_what_was_looked_at_is_asked(free_port: int) -> None:
    """DNS that answers with an open address first and a closed one then gets nobody past the gate."""
    gate = Gate([f"127.0.0.1:{free_port}"], resolver(["127.0.0.1"], ["192.168.0.1"]))
    with socket.create_server(("127.0.0.1", free_port)):
        gate.connect("rebinding.example", free_port, 1.0).close()
        with pytest.raises(Refused, match=r"leads to 192\.168\.0\.1"):
            gate.connect("rebinding.example", free_port, 1.0)


def test_a_name_that_is_not_known_may_be_known_later() -> None:
    def fails(*_: object, **__: object) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(NotNow, match=r"nowhere\.example is not known"):
        Gate(resolve=fails).connect("nowhere.example", 80, 1.0)


def test_a_server_that_is_not_there_may_be_there_later(free_port: int) -> None:
    with pytest.raises(NotNow, match=r"127\.0\.0\.1 does not answer"):
        Gate([f"127.0.0.1:{free_port}"]).connect("127.0.0.1", free_port, 1.0)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
