"""Texts of Reddit without what stands in them for pictures: placeholders, emotes, embedded GIFs and images."""

from __future__ import annotations

import polars as pl

#: `*Processing img 2vq8m2mqkzz91...*`, which the editor leaves where an upload was not finished.
_PLACEHOLDER = (
    r"\*(?:Processing|Uploading) (?:img|image|gif|video) ?[\w-]*(?:\.{2,3}|…)\*"
    r"|\b(?:Processing|Uploading) (?:img|image|gif|video) [0-9a-z]{10,15}(?:\.{2,3}|…)"
)
#: `![img](emote|t5_2qh0u|4351)`, `![gif](giphy|3o7TKUM3IgJBX2as9O)`, `![img](2vq8m2mqkzz91)`.
_EMBED = r"!?\[(?:img|gif|image|video|emote)?\]\([^()\s]*(?: \"[^\"]*\")?\)"
#: Addresses of Reddit's own pictures, alone or as an image of Markdown: an upload in a comment is one.
_PICTURE = r"(?:https?:)?//(?:preview|i|external-preview|v)\.redd\.it/[^\s()\[\]]+"
_IMAGE = rf"!\[[^\[\]]*\]\({_PICTURE}\)"
_EMBEDS = rf"(?i){_PLACEHOLDER}|{_EMBED}|{_IMAGE}"
_NAMED = rf"(?i)\[([^\[\]]*)\]\({_PICTURE}\)"
_BARE = rf"(?i)<?{_PICTURE}>?"
_HINT = r"(?i)processing|uploading|\]\(|\.redd\.it/"


def without_embeds(text: pl.Expr) -> pl.Expr:
    """The text without them. Words that name a picture stay, and so do links to pictures elsewhere."""
    plain = text.str.replace_all(_EMBEDS, "").str.replace_all(_NAMED, "$1").str.replace_all(_BARE, "")
    return pl.when(text.str.contains(_HINT)).then(plain).otherwise(text)
