"""Expressions over a column of addresses: canonical form, and the kind, host and key of the media."""

from __future__ import annotations

from functools import partial
from itertools import chain

import polars as pl

from blift.transforms.urls.canonical import canonical
from blift.transforms.urls.sites import (
    FILES_OF_PAGES,
    KEYS,
    KIND_BY_EXTENSION,
    KIND_BY_FORM,
    PAGES,
    PLATFORMS,
    SITES,
)

#: An address of the network in place of a name; it has no shorter form.
_NUMBERS = r"^((?:\d+\.){3}\d+|\[.*)$"

#: A registered name: two labels, or three where the second names a branch of a country's own (co.uk, com.au).
_REGISTERED = r"([^.]+\.(?:(?:ac|co|com|edu|go|gov|gob|gouv|gv|ne|net|nhs|nic|or|org)\.[a-z]{2}|[^.]+))$"


def canonical_url(url: pl.Expr) -> pl.Expr:
    """One address for each resource.

    https, host in lower case without skin, port, user and fragment; HTML entities, percent-encoding, slashes and
    junk around it put right (RFC 3986, section 6); parameters sorted, without those that only track. What is known to
    lead elsewhere becomes its target. Addresses of media in one of many shapes become one (module `sites`):

    ==================================  =========================================
    any shape of a YouTube video        https://www.youtube.com/watch?v=<id>
    i.redd.it, preview.redd.it          https://i.redd.it/<id>.<ext>
    v.redd.it and its streams           https://v.redd.it/<id>
    a post, or a comment of it          https://www.reddit.com/comments/<id>[/_/<comment>]
    a gallery                           https://www.reddit.com/gallery/<id>
    imgur picture, film, page, album    https://i.imgur.com/<id>.jpg, .mp4; https://imgur.com/[a/]<id>
    gfycat, redgifs, giphy, streamable, vimeo, dailymotion, Twitch, pictures of Twitter: by id
    ==================================  =========================================

    Null for null, and for what is no address of the web; a relative address of Reddit (`/r/x/comments/...`) is one.
    The form is an identity first: a few old servers answer only under `http://` or `www.`.
    """
    return url.map_batches(canonical, return_dtype=pl.String, is_elementwise=True)


def media_kind(url: pl.Expr) -> pl.Expr:
    """``image``, ``gif`` (animated, silent), ``gallery``, ``video`` or ``page``; null for null and for no address.

    By the form of the canonical address, else by the extension its path ends in (both tables in
    `blift.transforms.urls.sites`); what neither knows is a page.
    """
    return _field(url, "media_kind")


def media_host(url: pl.Expr) -> pl.Expr:
    """Who hosts it, as a recipe names it: ``reddit``, ``youtube``, ``imgur`` ... (groups in module `sites`).

    A host without a group is known by its registered name (``bbc.co.uk``), or by its numbers. ``reddit`` are files and
    galleries; a discussion is at ``reddit.com``.
    """
    return _field(url, "media_host")


def media_key(url: pl.Expr) -> pl.Expr:
    """A stable key that unites repeats: ``youtube:<id>``, ``reddit-image:<file id>``, ``reddit-video:<id>``,
    ``imgur:<id>``, else ``url:<canonical address>``.
    """
    return _field(url, "media_key")


def media_url(canonical: pl.Expr, kind: pl.Expr) -> pl.Expr:
    """The address of the media itself, by the canonical address that shows it; null where only a page is known.

    A picture is at the address of a file. A video may be at that of its page, out of which its file can be had.
    """
    file = canonical
    for form, template in FILES_OF_PAGES:
        file = file.str.replace(form, template)
    is_page = pl.any_horizontal(canonical.str.contains(form) for form in PAGES) & (file == canonical)
    return pl.when(is_page & (kind != "video")).then(None).otherwise(file)


def url_fields(url: pl.Expr) -> pl.Expr:
    """All of the above at the price of one: a struct of ``canonical_url, media_kind, media_host,
    media_key``.
    """
    return url.map_batches(_fields, return_dtype=pl.Struct(dict.fromkeys(_FIELDS, pl.String())), is_elementwise=True)


def _kind(canonical: pl.Expr) -> pl.Expr:
    extensions = {extension: kind for kind, known in KIND_BY_EXTENSION.items() for extension in known}
    extension = canonical.str.extract(r"^https://[^/]+/[^?]*\.([A-Za-z0-9]{2,5})(?:[?:].*)?$").str.to_lowercase()
    kind = extension.replace_strict(extensions, default="page", return_dtype=pl.String)
    for name, forms in reversed(KIND_BY_FORM.items()):
        of_form = canonical.str.contains(rf"^https://(?:{'|'.join(forms)})")
        kind = pl.when(of_form).then(pl.lit(name)).otherwise(kind)
    return pl.when(canonical.is_not_null()).then(kind)


def _host(canonical: pl.Expr) -> pl.Expr:
    host = canonical.str.extract(r"^https://(\[[^\]]+\]|[^/:]+)")
    host = host.map_batches(_groups, return_dtype=pl.String, is_elementwise=True)
    for beginning, group in chain.from_iterable(urls.hosted for urls in PLATFORMS):
        host = pl.when(canonical.str.starts_with(beginning)).then(pl.lit(group)).otherwise(host)
    return host


def _groups(hosts: pl.Series) -> pl.Series:
    """The group of each host, decided once for each host of the batch."""
    host = pl.col("host")
    group = pl.coalesce(host.str.extract(_NUMBERS), host.str.extract(_REGISTERED), host)
    for site in reversed(SITES):
        if site.group:
            group = pl.when(host.str.contains(rf"^(?:{site.hosts})$")).then(pl.lit(site.group)).otherwise(group)
    known = hosts.drop_nulls().unique().to_frame("host").select(host, group=group)
    rows = hosts.to_frame("host").join(known, on="host", how="left", maintain_order="left")
    return rows["group"].rename(hosts.name)


def _key(canonical: pl.Expr) -> pl.Expr:
    key = canonical
    for form, template in KEYS:
        key = key.str.replace(form, template)
    return pl.when(key.str.starts_with("https://")).then(pl.lit("url:") + key).otherwise(key)


_FIELDS = {
    "canonical_url": pl.col("canonical_url"),
    "media_kind": _kind(pl.col("canonical_url")),
    "media_host": _host(pl.col("canonical_url")),
    "media_key": _key(pl.col("canonical_url")),
}


def _field(url: pl.Expr, name: str) -> pl.Expr:
    # One batch, not an expression over `canonical_url`: that would be worked out anew for each mention of it.
    return url.map_batches(partial(_one_field, name=name), return_dtype=pl.String, is_elementwise=True)


def _one_field(urls: pl.Series, name: str) -> pl.Series:
    return canonical(urls).to_frame("canonical_url").select(_FIELDS[name]).to_series().rename(urls.name)


def url_table(urls: pl.Series) -> pl.DataFrame:
    """As ``url_fields``, for a column at hand: a third of the time, for an expression runs more than once."""
    return canonical(urls).to_frame("canonical_url").select(**_FIELDS)


def _fields(urls: pl.Series) -> pl.Series:
    return url_table(urls).to_struct(urls.name)
