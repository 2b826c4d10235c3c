"""What the Hub says with an answer that is none: how long to wait."""

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError

from blift.connectors.hub.failures import hinted_wait_s


def refusal(headers: dict[bytes, bytes]) -> HfHubHTTPError:
    request = httpx2.Request("GET", "https://hub.example/api")
    return HfHubHTTPError("busy", response=httpx2.Response(503, headers=list(headers.items()), request=request))


@pytest.mark.parametrize(
    ("told", "seconds"), [(b"5", 5.0), (b"soon", None), (b"-5", None), (b"\xb2", None), (b"", None)]
)
def test_a_wait_is_what_the_header_says_in_seconds(told: bytes, seconds: float | None) -> None:
    assert hinted_wait_s(refusal({b"Retry-After": told})) == seconds


def test_the_limit_of_the_hub_goes_before_it() -> None:
    limit = {b"RateLimit": b'"api";r=0;t=37', b"RateLimit-Policy": b'"fixed window";"api";q=1000;w=300'}
    assert hinted_wait_s(refusal({**limit, b"Retry-After": b"5"})) == 37.0
