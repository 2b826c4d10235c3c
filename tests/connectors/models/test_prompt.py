"""Answers of vision models are read whatever stands around them, and what cannot be read says so."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.models.prompt import Description, Unreadable, read_reply

GOOD = '{"caption": "A dog on a sofa.", "tags": ["dog", "sofa"], "screen_text": "WOOF"}'
DOG = Description("A dog on a sofa.", ("dog", "sofa"), "WOOF")


def body(content: str, finish: str = "stop", usage: Any = None) -> bytes:
    choice = {"message": {"content": content}, "finish_reason": finish}
    return json.dumps({"choices": [choice], "usage": usage}).encode()


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Sure! Here is the description:\n\n{GOOD}\n\nAnything else?",
        f'<think>Maybe {{"caption": "A cat.", "tags": []}}? No.</think>{GOOD}',
        f"{{{{ not JSON {GOOD}",
        f'{GOOD} {{"confidence": 0.9}}',
        json.dumps({"caption": " A dog\non a  sofa. ", "tags": "Dog, sofa ,dog", "screen_text": " WOOF\n"}),
        json.dumps({**json.loads(GOOD), "mood": "calm", "tags": ["Dog", " sofa", "dog", "", "x" * 101]}),
    ],
)
def test_the_object_is_found_in_what_stands_around_it(content: str) -> None:
    assert read_reply(body(content)).description == DOG


@pytest.mark.parametrize("nothing", ["null", '""', '"  \\n"'])
def test_no_text_on_screen_is_none(nothing: str) -> None:
    content = f'{{"caption": "A dog.", "tags": [], "screen_text": {nothing}}}'
    assert read_reply(body(content)).description == Description("A dog.", (), None)


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    content = '{"caption": "A \\ud83d dog.", "tags": [], "screen_text": null}'
    assert read_reply(body(content)).description.caption == "A \ufffd dog."


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 90, "total_tokens": 110}, (90, 110)),
        (None, (None, None)),
        ({"total_tokens": "9"}, (None, None)),
    ],
)
def test_tokens_are_what_the_server_counts(usage: Any, tokens: tuple[int | None, int | None]) -> None:
    reply = read_reply(body(GOOD, usage=usage))
    assert (reply.prompt_tokens, reply.tokens) == tokens


@pytest.mark.parametrize(
    ("content", "finish", "detail"),
    [
        (GOOD[:40], "length", "it was cut off at the limit of its length; no JSON object in it: "),
        ("", "stop", "no JSON object in it: (empty)"),
        ('["caption"]', "stop", "no JSON object in it: "),
        ('{"caption": null}', "stop", "its caption is not a text of 1 to 2000 characters: "),
        ('{"caption": "A dog.", "tags": [], "screen_text": 7}', "stop", "its screen_text is neither null nor a text"),
        ("{" * 70_000, "stop", "no JSON object in it: {{{"),
        ('{"a":' * 12_000, "stop", "no JSON object in it: "),
    ],
)
def test_what_is_no_description_says_what_it_is(content: str, finish: str, detail: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_reply(body(content, finish, {"total_tokens": 7}))
    assert caught.value.detail.startswith(detail)
    assert len(caught.value.detail) < 400
    assert caught.value.tokens == 7


def test_a_refusal_is_told() -> None:
    refusal = {"choices": [{"message": {"content": None, "refusal": "I cannot describe this."}}]}
    with pytest.raises(Unreadable, match=r"the model refuses: I cannot describe this\."):
        read_reply(json.dumps(refusal).encode())


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "usage", "caption", "tags"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(_JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_any_answer_is_read_or_called_unreadable(answer: bytes) -> None:
    with pytest.raises(Unreadable):
        read_reply(answer)


@given(st.text(), st.lists(st.text()), st.none() | st.text(), st.text(alphabet=st.characters(exclude_characters="{")))
def test_a_description_in_prose_is_read_as_it_is_without(
    caption: str, tags: list[str], screen_text: str | None, prose: str
) -> None:
    content = json.dumps({"caption": f"x{caption}", "tags": tags, "screen_text": screen_text})
    assert read_reply(body(prose + content + prose)) == read_reply(body(content))
