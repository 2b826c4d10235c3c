"""Names of repositories of the Hub, with and without a revision."""

import pytest

from blift.connectors.hub.named import Named, named_on_hub


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("owner/name", Named("owner/name", None)),
        ("o-w.n_er/na.me@v1.0.0", Named("o-w.n_er/na.me", "v1.0.0")),
        ("owner/name@refs/convert/parquet", Named("owner/name", "refs/convert/parquet")),
        ("owner/name@0f56a1", Named("owner/name", "0f56a1")),
        ("owner/name@fix+more", Named("owner/name", "fix+more")),
        *(
            (name, None)
            for name in ("", "name", "a/b/c", "../name", "./name", "owner/.name", "-owner/name", "s3://a/b")
        ),
        *((name, None) for name in ("owner/name@", "owner/name@a@b", "owner/name@a b", "owner/name\n", "öwner/name")),
    ],
)
def test_a_name_is_a_repository_with_its_revision_or_nothing(name: str, named: Named | None) -> None:
    assert named_on_hub(name) == named
