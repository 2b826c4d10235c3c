"""A vision endpoint: what it is asked, how its faults are met, what it may cost, what is kept and what never shows."""

import gzip
import io
import json
import logging
import pickle
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from blift.connectors.models.address import Address
from blift.connectors.models.allowance import Limits
from blift.connectors.models.client import Client
from blift.connectors.models.config import EndpointConfig
from blift.connectors.models.endpoint import VisionEndpoint
from blift.connectors.models.pictures import ANSWERS
from blift.schemas.errors import InputError, RecipeError
from tests.clock import Clock

from .conftest import Asked, Endpoint, Says, completion, described

Pictures = Callable[[int], pa.Table]
KEY = "sk-Very+Secret/0123456789"


@pytest.fixture
def config(endpoint: Endpoint, tmp_path: Path) -> EndpointConfig:
    address = Address(endpoint.url, timeout_s=60, attempts=3, backoff_s=0.01)
    return EndpointConfig(address, "tiny-vl", str(tmp_path / "answers"), concurrency=4)


def ask(config: EndpointConfig, pictures: pa.Table, share: int = 0) -> list[dict[str, Any]]:
    model = VisionEndpoint(config)
    (result,) = model.run_inference([(share, pictures)], model.load_model())
    assert result.inference.schema == ANSWERS
    found: list[dict[str, Any]] = result.inference.to_pylist()
    return found


def outcomes(answers: list[dict[str, Any]]) -> list[str]:
    return [answer["outcome"] for answer in answers]


def test_the_request_is_a_chat_completion_with_the_picture_and_a_json_schema(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    table = pictures(1)
    (answer,) = ask(config, table)

    (asked,) = endpoint.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.body["model"] == "tiny-vl"
    assert asked.body["temperature"] == 0
    assert asked.body["response_format"]["json_schema"]["schema"]["required"] == ["caption", "tags", "screen_text"]
    assert asked.picture == Path(table["path"][0].as_py()).read_bytes()
    assert "Authorization" not in asked.headers
    assert answer == {
        "digest": table["digest"][0].as_py(),
        "outcome": "described",
        "detail": None,
        "caption": "A #0064c8 wall.",
        "tags": ["#0064c8", "wall"],
        "screen_text": None,
    }


def test_answers_are_in_the_order_of_digests_whatever_comes_back_first(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    def answer(asked: Asked, number: int) -> Says:
        return replace(described(asked.picture), after_s=0.05 * (number % 3))

    endpoint.answer = answer
    table = pictures(9)
    answers = ask(config, table)
    assert [row["digest"] for row in answers] == sorted(table["digest"].to_pylist())
    assert sorted(row["caption"] for row in answers) == sorted(f"A #{number:02x}64c8 wall." for number in range(9))
    assert 1 < endpoint.most_at_once <= 4


def test_a_picture_that_is_there_twice_is_asked_once(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    table = pictures(2)
    assert len(ask(config, pa.concat_tables([table, table]))) == 2
    assert len(endpoint.asked) == 2


def test_a_second_run_asks_nothing_and_answers_the_same(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    first = ask(config, pictures(5))
    assert len(endpoint.asked) == 5
    endpoint.asked.clear()
    assert ask(config, pictures(5)) == first
    assert endpoint.asked == []


@pytest.mark.parametrize(
    "change", [{"model": "other-vl"}, {"prompt": "What colour is this?"}, {"max_answer_tokens": 50}], ids=str
)
def test_what_is_asked_otherwise_is_asked_anew(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures, change: dict[str, Any]
) -> None:
    ask(config, pictures(1))
    ask(replace(config, **change), pictures(1))
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"description": {"caption": 1}}', b"\xff\xfe"])
def test_a_damaged_answer_in_the_cache_is_asked_and_kept_anew(
    config: EndpointConfig, pictures: Pictures, damage: bytes
) -> None:
    first = ask(config, pictures(1))
    (entry,) = Path(config.cache).glob("*/*.json")
    whole = entry.read_bytes()
    entry.write_bytes(damage)
    assert ask(config, pictures(1)) == first
    assert entry.read_bytes() == whole
    assert [path.name for path in Path(config.cache).glob("*/*")] == [entry.name]


def test_retry_after_holds_every_request_back(endpoint: Endpoint, config: EndpointConfig) -> None:
    busy, fine = Says(429, b"slow down", {"Retry-After": "90"}), Says(200, b"{}")
    endpoint.answer = lambda _, number: busy if number == 1 else fine
    question = {"model": "tiny-vl", "messages": [{"role": "user", "content": "What is to be seen?"}]}
    asked_meanwhile = []

    def post() -> bytes:
        return client.post(question, Limits().share(0, 100))

    def meanwhile() -> bool:
        """Another question comes while the first waits: it has to wait as well."""
        if len(clock.waits) == 1:
            assert post() == b"{}"
        asked_meanwhile.append(len(endpoint.asked))
        return False

    clock = Clock(0.0, meanwhile)
    client = Client(config.address, 2, clock, clock.sleep)
    assert post() == b"{}"
    assert clock.waits == [90.0, 90.0]
    assert asked_meanwhile == [1, 2]
    assert len(endpoint.asked) == 3


def test_retry_after_may_be_a_date(endpoint: Endpoint, config: EndpointConfig, pictures: Pictures) -> None:
    def answer(asked: Asked, number: int) -> Says:
        busy = Says(503, b"", {"Retry-After": formatdate(time.time() + 1, usegmt=True)})
        return busy if number == 1 else described(asked.picture)

    endpoint.answer = answer
    assert outcomes(ask(config, pictures(1))) == ["described"]


def test_a_wait_of_hours_is_not_waited_for(endpoint: Endpoint, config: EndpointConfig, pictures: Pictures) -> None:
    endpoint.answer = lambda *_: Says(429, b"quota", {"Retry-After": "7200"})
    (answer,) = ask(config, pictures(1))
    assert (answer["outcome"], answer["detail"]) == ("failed", "HTTP 429: quota (asks to wait 7200 s)")
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
def test_a_server_in_trouble_is_asked_again(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures, status: int
) -> None:
    endpoint.answer = lambda asked, number: Says(status) if number < 3 else described(asked.picture)
    assert outcomes(ask(config, pictures(1))) == ["described"]
    assert len(endpoint.asked) == 3


def test_after_the_last_try_the_picture_fails_with_the_last_answer(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    endpoint.answer = lambda *_: Says(502, b"<html>\n<h1>Bad Gateway</h1>")
    (answer,) = ask(config, pictures(1))
    assert (answer["outcome"], answer["detail"]) == ("failed", "HTTP 502: <html> <h1>Bad Gateway</h1> (3 tries)")
    assert len(endpoint.asked) == 3


@pytest.mark.parametrize("slow", [{"after_s": 1.0}, {"drip_s": 0.05}], ids=str)
def test_an_answer_that_takes_too_long_fails(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures, slow: dict[str, float]
) -> None:
    endpoint.answer = lambda asked, _: replace(described(asked.picture), **slow)
    address = replace(config.address, timeout_s=0.3, attempts=2)
    (answer,) = ask(replace(config, address=address), pictures(1))
    assert (answer["outcome"], answer["detail"]) == ("failed", "no answer within 0.3 s (2 tries)")


def test_nobody_at_the_address_is_said(config: EndpointConfig, pictures: Pictures) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = replace(config.address, url=f"http://127.0.0.1:{closed.getsockname()[1]}/v1")
        (answer,) = ask(replace(config, address=address), pictures(1))
    assert answer["detail"] == "the connection failed (ConnectError) (3 tries)"


@pytest.mark.parametrize(
    ("says", "detail"),
    [
        (
            Says(body=b"<html>Please log in</html>"),
            "the answer is no JSON (Expecting value: line 1 column 1 (char 0)): ",
        ),
        (Says(body=b'{"choices": []}'), 'the answer has no text: {"choices": []}'),
        (completion("A dog."), "no JSON object in it: A dog."),
        (completion('{"caption": "", "tags": []}'), "its caption is not a text of 1 to 2000 characters: "),
        (completion('{"caption": "A dog.", "tags": [1]}'), "its tags are no list of texts: "),
    ],
)
def test_an_answer_that_cannot_be_read_is_asked_for_once_more(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures, says: Says, detail: str
) -> None:
    endpoint.answer = lambda *_: says
    (answer,) = ask(config, pictures(1))
    assert answer["outcome"] == "failed"
    assert answer["detail"].startswith(detail)
    assert len(endpoint.asked) == 2
    assert "no such object" not in endpoint.asked[0].text
    assert "no such object" in endpoint.asked[1].text
    assert list(Path(config.cache).glob("*/*")) == []


def test_a_second_answer_that_can_be_read_counts(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    endpoint.answer = lambda asked, number: completion("Well...") if number == 1 else described(asked.picture)
    assert outcomes(ask(config, pictures(1))) == ["described"]


def test_an_answer_without_end_is_cut_off(endpoint: Endpoint, config: EndpointConfig, pictures: Pictures) -> None:
    endpoint.answer = lambda *_: completion("x" * (2 << 20))
    (answer,) = ask(config, pictures(1))
    assert answer["detail"].startswith("the answer is no JSON (Unterminated string")


def test_a_server_without_json_schemas_is_asked_without_from_then_on(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    def answer(asked: Asked, _: int) -> Says:
        return Says(400, b"response_format?") if "response_format" in asked.body else described(asked.picture)

    endpoint.answer = answer
    assert outcomes(ask(config, pictures(3))) == ["described"] * 3
    assert len(endpoint.asked) == 4


def test_a_picture_that_the_server_refuses_fails_alone(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    table = pictures(3)
    bad = Path(table["path"][0].as_py()).read_bytes()
    endpoint.answer = lambda asked, _: Says(413, b"too big") if asked.picture == bad else described(asked.picture)
    answers = {answer["digest"]: answer for answer in ask(config, table)}
    digests = table["digest"].to_pylist()
    assert [answers[digest]["outcome"] for digest in digests] == ["failed", "described", "described"]
    assert answers[digests[0]]["detail"] == "HTTP 413: too big"


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        (Says(401, b"bad key"), "answers HTTP 401: bad key. Check `url`, `model` and the key that `key_env` names."),
        (Says(404, b"no such model"), "answers HTTP 404: no such model. Check `url`"),
        (Says(307, b"", {"Location": "http://127.0.0.1:9/"}), "sends elsewhere (HTTP 307). Name the address"),
    ],
)
def test_what_no_try_can_mend_stops_the_run_after_one_request(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures, says: Says, sentence: str
) -> None:
    endpoint.answer = lambda *_: says
    with pytest.raises(RecipeError) as caught:
        ask(config, pictures(30))
    assert sentence in str(caught.value)
    assert len(endpoint.asked) == 1


def test_a_dead_endpoint_stops_the_run(endpoint: Endpoint, config: EndpointConfig, pictures: Pictures) -> None:
    endpoint.answer = lambda asked, number: described(asked.picture) if number == 1 else Says(500, b"out of memory")
    config = replace(config, address=replace(config.address, attempts=1))
    with pytest.raises(InputError, match=r"20 pictures in a row.*HTTP 500: out of memory.*answers so far are kept"):
        ask(config, pictures(40))
    assert len(endpoint.asked) < 40
    assert len(list(Path(config.cache).glob("*/*.json"))) == 1


def test_pictures_that_cannot_be_read_are_told_apart(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    table = pictures(3)
    absent, changed, good = (Path(path) for path in table["path"].to_pylist())
    absent.unlink()
    changed.write_bytes(good.read_bytes())
    found = {answer["digest"]: answer for answer in ask(config, table)}
    details = [found[digest]["detail"] for digest in table["digest"].to_pylist()]
    assert details[0].startswith("The picture cannot be read: No such file or directory.")
    assert details[1] == "The picture changed while it was described. Run the stage again."
    assert details[2] is None
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize("limit", [0, 1, 3, 6])
def test_the_limit_of_requests_is_met_exactly(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures, limit: int
) -> None:
    limited = replace(config, limits=Limits(max_requests=limit))
    first = ask(limited, pictures(6))
    assert len(endpoint.asked) == limit
    assert outcomes(first) == ["described"] * limit + ["left"] * (6 - limit)
    assert ask(limited, pictures(6)) == first
    assert len(endpoint.asked) == limit


def test_retries_count_for_the_limit(endpoint: Endpoint, config: EndpointConfig, pictures: Pictures) -> None:
    endpoint.answer = lambda asked, number: Says(500) if number <= 2 else described(asked.picture)
    answers = ask(replace(config, limits=Limits(max_requests=5)), pictures(6))
    assert len(endpoint.asked) == 5
    assert sorted(outcomes(answers)) == ["described"] * 3 + ["left"] * 3


def test_a_failure_after_which_the_limit_allows_no_try_is_told_as_what_it_was(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    endpoint.answer = lambda *_: Says(503, b"warming up")
    first, *others = ask(replace(config, limits=Limits(max_requests=2)), pictures(3))
    expected = "HTTP 503: warming up (2 tries, and the recipe's limits allow no more)"
    assert (first["outcome"], first["detail"]) == ("failed", expected)
    assert outcomes(others) == ["left", "left"]


def test_shares_of_the_limit_add_up_to_it(endpoint: Endpoint, config: EndpointConfig, pictures: Pictures) -> None:
    limited = replace(config, limits=Limits(max_requests=7, shares=3))
    table = pictures(12)
    described_in = [outcomes(ask(limited, table.slice(4 * share, 4), share)).count("described") for share in range(3)]
    assert described_in == [3, 2, 2]
    assert len(endpoint.asked) == 7


def test_the_limit_of_tokens_is_not_passed_and_a_second_run_stops_at_the_same_picture(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    endpoint.answer = lambda asked, _: described(asked.picture, prompt_tokens=900, answer_tokens=100)
    limited = replace(config, limits=Limits(max_tokens=8_500), max_answer_tokens=100)
    first = ask(limited, pictures(12))
    assert outcomes(first) == ["described"] * 8 + ["left"] * 4
    assert len(endpoint.asked) == 8
    assert ask(limited, pictures(12)) == first
    assert len(endpoint.asked) == 8


def test_tokens_that_a_server_does_not_count_are_taken_at_their_most(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    def answer(asked: Asked, _: int) -> Says:
        body = json.loads(described(asked.picture).body)
        del body["usage"]
        return Says(body=json.dumps(body).encode())

    endpoint.answer = answer
    limited = replace(config, limits=Limits(max_tokens=3 * (2_048 + 600)))
    assert outcomes(ask(limited, pictures(5))).count("described") == 3


def test_the_key_comes_from_the_environment_and_shows_nowhere(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_KEY", KEY)
    logged = io.StringIO()
    listener = logging.StreamHandler(logged)
    logging.getLogger().addHandler(listener)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)

    def answer(asked: Asked, number: int) -> Says:
        if number == 2:
            return Says(403, f"{'.' * 190}key {KEY} may not".encode())
        if number == 3:
            return completion(json.dumps({"caption": f"It says {KEY}.", "tags": [KEY], "screen_text": KEY}))
        return described(asked.picture)

    endpoint.answer = answer
    keyed = replace(config, address=replace(config.address, key_env="VISION_KEY"), concurrency=1)
    try:
        model = VisionEndpoint(keyed)
        loaded = model.load_model()
        (result,) = model.run_inference([(0, pictures(4))], loaded)
        endpoint.answer = lambda *_: Says(401, f"Incorrect API key: {KEY}".encode())
        with pytest.raises(RecipeError) as caught:
            ask(replace(keyed, model="other"), pictures(1))
    finally:
        logging.getLogger().removeHandler(listener)
        logging.getLogger().setLevel(level)

    assert {asked.headers["Authorization"] for asked in endpoint.asked} == {f"Bearer {KEY}"}
    assert KEY not in json.dumps([asked.body for asked in endpoint.asked])
    answers = result.inference.to_pylist()
    assert outcomes(answers) == ["described", "failed", "described", "described"]
    assert answers[2]["caption"] == "It says ***."
    kept = b"".join(path.read_bytes() for path in Path(config.cache).rglob("*.json"))
    shown = [str(answers), str(caught.value), str(loaded), str(model), str(keyed), logged.getvalue(), kept.decode()]
    assert "chat/completions" in logged.getvalue()
    assert all("Secret" not in text and "sk-V" not in text for text in shown)
    assert b"Secret" not in pickle.dumps(model)


def test_a_key_that_is_not_set_is_asked_for(config: EndpointConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISION_KEY", raising=False)
    keyed = replace(config, address=replace(config.address, key_env="VISION_KEY"))
    with pytest.raises(RecipeError, match="The environment variable VISION_KEY, which `key_env` names, is not set"):
        VisionEndpoint(keyed).load_model()


@pytest.mark.parametrize("value", ["two words", "line\nbreak", "schlüssel"])
def test_what_no_header_can_hold_is_no_key(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISION_KEY", value)
    with pytest.raises(RecipeError) as caught:
        Address("http://localhost/v1", "VISION_KEY").key()
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://host/v1", "is no http or https address"),
        ("file:///etc/passwd", "is no http or https address"),
        ("localhost:8000/v1", "is no http or https address"),
        ("http://", "is no http or https address"),
        ("http://host:99999/v1", "is no web address"),
        ("http://[::1/v1", "is no web address"),
        (f"https://user:{KEY}@host/v1", "is no web address"),
        ("https://user:secret@host/v1", "holds more than an address"),
        (f"https://host/v1?api_key={KEY}", "holds more than an address"),
    ],
)
def test_only_web_addresses_without_secrets_are_endpoints(url: str, sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence) as caught:
        Address(url)
    assert KEY not in str(caught.value)


def test_a_key_in_place_of_a_variables_name_is_not_repeated() -> None:
    with pytest.raises(RecipeError, match="no name of an environment variable") as caught:
        Address("http://localhost/v1", KEY)
    assert KEY not in str(caught.value)


def test_nothing_of_the_environment_is_sent(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Secret: {KEY}")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert outcomes(ask(config, pictures(1))) == ["described"]
    (asked,) = endpoint.asked
    assert {name.lower() for name in asked.headers} == {
        "host", "connection", "user-agent", "content-type", "content-length", "accept", "accept-encoding"
    }  # fmt: skip
    assert KEY not in str(asked.headers)


def test_an_answer_that_says_it_is_packed_is_not_unpacked(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures
) -> None:
    bomb = gzip.compress(bytes(64 << 20))
    endpoint.answer = lambda *_: Says(body=bomb, headers={"Content-Encoding": "gzip"})
    (answer,) = ask(config, pictures(1))
    assert answer["outcome"] == "failed"
    assert answer["detail"].startswith("the answer is no JSON")


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_of_any_status_is_read_within_bounds(
    endpoint: Endpoint, config: EndpointConfig, pictures: Pictures, status: int
) -> None:
    endpoint.answer = lambda *_: Says(status, b"x" * (64 << 20))
    (answer,) = ask(config, pictures(1))
    assert answer["outcome"] == "failed"
