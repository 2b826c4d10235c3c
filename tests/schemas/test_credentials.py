"""Credentials in texts that are published are found, whatever they look like, and ordinary text is left alone."""

import pytest

from blift.schemas.credentials import credential_in, refuse_credentials
from blift.schemas.errors import RecipeError

IN_AN_ADDRESS = "a user name or password in an address"
IN_A_QUERY = "a credential in the query of an address"
IN_A_HEADER = "an HTTP header with a credential"
A_TOKEN = "what looks like an access token"  # noqa: S105 - the sentence on one


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("http://bob:S3cretProxyPw@10.0.0.9:3128", IN_AN_ADDRESS),
        ("socks5h://bob:pw@[::1]:1080", IN_AN_ADDRESS),
        ("HTTPS://bob@example.org", IN_AN_ADDRESS),
        ("https://hf_x:@huggingface.co", IN_AN_ADDRESS),
        ("s3://AKIA:secret@bucket/RS_*.zst", IN_AN_ADDRESS),
        ("http://bob:p/w#r?d@host:1", IN_AN_ADDRESS),
        ("http://bob:p@ss@host", IN_AN_ADDRESS),
        ("http://bob:12/34@host", None),  # a port and a path: so every program reads it
        ('proxy: "http://bob:it\'s@host"', IN_AN_ADDRESS),
        ("bob:pw@10.0.0.9:3128", IN_AN_ADDRESS),
        ("proxy: bob:pw@proxy.example.org", IN_AN_ADDRESS),
        ("https://host/v1?token=abc", IN_A_QUERY),
        ("https://host/v1?a=1&api_key=abc", IN_A_QUERY),
        ("https://host/v1?KEY=abc", IN_A_QUERY),
        ("https://host/v1?subscription-key=abc", IN_A_QUERY),
        ("https://host/x?sv=2020&sig=abc%3D", IN_A_QUERY),
        ("https://host/x?X-Amz-Signature=abc", IN_A_QUERY),
        ("https://host/x?X-Goog-Credential=abc", IN_A_QUERY),
        ("https://host/x?AWSAccessKeyId=abc", IN_A_QUERY),
        ("https://host/x?%74oken=abc", IN_A_QUERY),
        ("https://host/x#access_token=abc", IN_A_QUERY),
        ("https://host/x?password=abc", IN_A_QUERY),
        ("Authorization: Basic Ym9iOnB3", IN_A_HEADER),
        ("authorization: hunter2", IN_A_HEADER),
        ('{"Authorization": "Token abcd"}', IN_A_HEADER),
        ("Proxy-Authorization: Basic Ym9iOnB3", IN_A_HEADER),
        ("X-Api-Key: abcdef", IN_A_HEADER),
        ("Cookie: session=abcdef", IN_A_HEADER),
        ("send it Bearer abc123def456", IN_A_HEADER),
        ("hf_ownersSecretOfThisTestOnly", A_TOKEN),
        ("token=hf_abcdefghijklmnopqrstuvwxyz", A_TOKEN),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", A_TOKEN),
        ("github_pat_11ABCDEFG0123456789_abcdef", A_TOKEN),
        ("glpat-abcdefghij0123456789", A_TOKEN),
        ("sk-proj-abcdefghijklmnopqrstuvwx", A_TOKEN),
        ("sk-Very+Secret/0123456789", A_TOKEN),
        ("sk-ant-api03-abcdefghijkl", A_TOKEN),
        ("AIzaSyA0123456789abcdefghijklmnopqrstuv", A_TOKEN),
        ("AKIAIOSFODNN7EXAMPLE", A_TOKEN),
        ("xoxb-1234567890-abcdef", A_TOKEN),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc", A_TOKEN),
        ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
        ("-----BEGIN PRIVATE KEY-----", "a private key"),
    ],
)
def test_what_is_a_credential(text: str, kind: str | None) -> None:
    assert credential_in(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "https://www.youtube.com/@madeup/videos",
        "http://localhost:8000/@x",
        "http://[::1]:8080/@x",
        'lists: ["https://www.youtube.com/@a", "@b", "ytsearch50:how to"]',
        '["http://host:8080","@b"]',
        "contact: someone@example.org",
        "contact: mailto:someone@example.org",
        "mailto:someone@example.org",
        "reddit/RS_????-??.zst",
        "https://www.youtube.com/watch?v=abcdefghijk&list=PL0123456789",
        "https://example.org/?monkey=1&design=2&author=x",
        "hf_datasets_of_2020/RS_2020-01.zst",
        "risk-averse-people-and-others-too, disk-based-stores-of-media",
        "the bearer of bad news; a basic understanding; the authorization of posts",
        "key_env: OPENAI_API_KEY",
        "search/cookies and cream",
        "nsfw_words: builtin",
        "UCsk-0123456789abcdefghi",
    ],
)
def test_what_is_none(text: str) -> None:
    assert credential_in(text) is None


def test_the_sentence_says_where_and_does_not_show_it() -> None:
    with pytest.raises(RecipeError) as caught:
        refuse_credentials([(1, "name: x"), (2, "proxy: http://bob:hunter2@host")], "my.yaml")
    said = str(caught.value)
    assert said.startswith("my.yaml, line 2, holds a user name or password in an address. Take it out: recipes are ")
    assert "hunter2" not in said
    assert "environment" in said
