"""Submissions asked for by id: what comes, what is absent and why, what may pass."""

from __future__ import annotations

import json

from blift.connectors.fetch.items import Done, Item, NotThere
from blift.connectors.reddit.kinds import RedditItem
from blift.schemas.reasons import Absent
from tests.connectors.reddit.conftest import Ask
from tests.reddit_server import RedditServer, made_up
from tests.reddit_server.made_up import post_id


def submissions(*keys: str) -> list[Item]:
    return [Item(RedditItem.SUBMISSION, key) for key in keys]


def test_a_hundred_submissions_come_with_one_request(ask: Ask) -> None:
    with RedditServer(made_up(100)) as server:
        outcomes = ask(server, submissions(*map(post_id, range(100))))
        assert server.counts() == {"/api/v1/access_token": 1, "/api/info": 1}
        assert server.violations == []
    assert len(outcomes.records) == 100
    outcome = outcomes[post_id(7)]
    assert isinstance(outcome, Done)
    (record,) = outcome.records
    data = json.loads(record.data)
    assert (record.key, record.of, data["id"]) == (post_id(7),) * 3
    assert data["title"] == "Salt &amp; pepper &lt;7&gt; at the market"
    assert data["retrieved_on"] == int(record.retrieved_at)


def test_what_does_not_come_back_is_not_there(ask: Ask) -> None:
    with RedditServer(made_up(1)) as server:
        outcomes = ask(server, submissions(post_id(0), "zzzzz", "no id"))
    assert isinstance(outcomes[post_id(0)], Done)
    for key in ("zzzzz", "no id"):
        outcome = outcomes[key]
        assert isinstance(outcome, NotThere)
        assert outcome.reason is Absent.NOT_FOUND
