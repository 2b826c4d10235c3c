"""Personal data in text is found and replaced, what only looks like it stays, and doing it again changes nothing."""

from collections import Counter

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.registry import SCHEMAS
from blift.transforms.personal_data import ADDRESSES, PLAIN, kinds, rules_of
from blift.transforms.privacy import redact


def redacted(text: str, column: str = "text") -> str:
    table, _ = redact(pa.table({column: [text]}))
    return str(table.column(column)[0].as_py())


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("mail bob.smith+x@mail.example.co.uk now", "mail [email] now"),
        ("bob [at] example [dot] com", "[email]"),
        ("Zoë: zoë@exämple.de.", "Zoë: [email]."),
        ("thanks u/spez and /u/foo_bar-1 (u/x1)", "thanks u/[user] and /u/[user] (u/[user])"),
        ("@PewDiePie hi @a", "@[user] hi @[user]"),
        ("@東京タワー look", "@[user] look"),
        ("https://www.reddit.com/user/NAME/comments/1", "https://www.reddit.com/user/[user]/comments/1"),
        ("see /r/u_somebody", "see /r/[user]"),
        ("follow instagram.com/some.body please", "follow instagram.com/[user] please"),
        ("https://youtube.com/@Somebody", "https://youtube.com/user/[user]"),
        ("call 555-234-5678 or (415) 555-2671.", "call [phone] or [phone]."),
        ("+1 415 555 2671", "[phone]"),
        ("+49 (0)30 123456", "[phone]"),
        ("0171 234 5678", "[phone]"),
        ("0044 20 7946 0958", "[phone]"),
        ("tel: 5551234567", "tel: [phone]"),
    ],
)
def test_what_names_a_person_is_replaced(text: str, after: str) -> None:
    assert redacted(text) == after


@pytest.mark.parametrize(
    "text",
    [
        "years 2015-2018, 1,000,000 views, 3.14159265, 192.168.10.12",
        "2021-01-02 10:00:00",
        "isbn 978-3-16-148410-0",
        "score 1200-1300-1400 and 12:30 - 13:45",
        "0:00 Intro 1:23 Song",
        "and/or w/u/ either/u",
        "r/pics is a subreddit",
        "$5.00 @ 10pm",
        "https://imgur.com/a/B123-456-7890x",
        "id 1234567890123",
        "email@ is cut",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize(
    ("address", "after"),
    [
        (
            "https://www.reddit.com/r/u_somebody/comments/abc/title/",
            "https://www.reddit.com/comments/abc/title/",
        ),
        ("https://twitter.com/somebody/status/12", "https://twitter.com/i/status/12"),
        ("https://i.redd.it/a1b2.jpg", "https://i.redd.it/a1b2.jpg"),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
        ("https://www.reddit.com/r/pics/comments/abc/call_555-234-5678/", None),
    ],
)
def test_addresses_lose_names_and_still_lead_there(address: str, after: str | None) -> None:
    assert redacted(address, "permalink") == (after or address)


def test_the_subreddit_of_a_profile_is_a_name() -> None:
    assert (redacted("u_somebody", "subreddit"), redacted("pics", "subreddit")) == ("[user]", "pics")


def test_nested_texts_are_redacted_and_counted_and_all_else_stays() -> None:
    kind = pa.list_(pa.struct([("comment_id", pa.string()), ("text", pa.string()), ("score", pa.int64())]))
    rows = [
        [{"comment_id": "reddit:u/x", "text": "ask u/spez", "score": 3}, None],
        None,
        [],
        [{"comment_id": "b", "text": None, "score": None}, {"comment_id": "c", "text": "a@b.org u/bob", "score": 1}],
    ]
    table = pa.table({"comments": pa.array([[{"text": "cut off"}], *rows], kind)}).slice(1)
    after, found = redact(table)
    assert after.column("comments").to_pylist() == [
        [{"comment_id": "reddit:u/x", "text": "ask u/[user]", "score": 3}, None],
        None,
        [],
        [{"comment_id": "b", "text": None, "score": None}, {"comment_id": "c", "text": "[email] u/[user]", "score": 1}],
    ]
    assert kinds(found) == {"email": 1, "phone": 0, "user": 2}
    assert after.schema == table.schema
    after.validate(full=True)


def test_every_text_column_of_every_table_has_rules_unless_it_is_named() -> None:
    for schema in SCHEMAS.values():
        for field in schema:
            if pa.types.is_string(field.type) and field.name not in PLAIN | ADDRESSES | {"subreddit"}:
                assert rules_of(field.name) == rules_of("text"), field.name


_PIECES = [
    "u/",
    "@",
    ".",
    "a",
    "Bob",
    "é",
    "reddit.com/user/",
    "+49 30 1234567",
    " ",
    "-",
    "x@y.org",
    "/r/u_",
    "(",
    "0",
]


_TEXTS = st.lists(st.sampled_from(_PIECES) | st.text(max_size=4), max_size=12).map("".join)


def gone_over_in_full(texts: list[str | None]) -> tuple[list[str | None], Counter[str]]:
    """Every rule over every text, until nothing changes."""
    column, found = pl.Series(texts, dtype=pl.String), Counter[str]()
    for _ in range(4):
        before = column
        for rule in rules_of("text"):
            after = column.str.replace_all(rule.regex, rule.put)
            if not after.equals(column):
                found[rule.kind] += int(column.str.count_matches(rule.regex).sum())
                column = after
        if column.equals(before):
            break
    return column.to_list(), found


@given(st.lists(_TEXTS | st.none(), max_size=6))
def test_the_result_is_that_of_every_rule_over_every_text(texts: list[str | None]) -> None:
    after, found = redact(pa.table({"text": pa.array(texts, pa.string())}))
    assert (after.column("text").to_pylist(), found) == gone_over_in_full(texts)


@given(_TEXTS)
def test_a_text_that_matches_has_what_the_faster_expression_needs(text: str) -> None:
    column = pl.Series([text, f"{text}youtube.com/@{text}", f"{text}REDDIT.COM/U/{text}"])
    for rule in rules_of("text"):
        if rule.needs is not None:
            assert not (column.str.contains(rule.regex) & ~column.str.contains(rule.needs)).any()


@given(_TEXTS)
def test_doing_it_again_changes_and_finds_nothing(text: str) -> None:
    once, _ = redact(pa.table({"text": [text]}))
    again, found = redact(once)
    assert again == once
    assert sum(found.values()) == 0
