"""Each shape in which people write an address becomes the one address it stands for."""

import polars as pl

from blift.transforms.urls import canonical_url


def canonical(*urls: str | None) -> list[str | None]:
    return pl.DataFrame({"url": urls}, schema={"url": pl.String}).select(canonical_url(pl.col("url")))["url"].to_list()


def assert_forms(expected: dict[str, str]) -> None:
    """Each key becomes its value."""
    assert dict(zip(expected, canonical(*expected), strict=True)) == expected


def test_one_spelling_of_scheme_host_path_and_escapes() -> None:
    assert_forms(
        {
            "http://example.com": "https://example.com/",
            "HTTPS://Example.COM/Path": "https://example.com/Path",
            "https://www.example.com/a/": "https://example.com/a",
            "https://m.example.com/a": "https://example.com/a",
            "https://mobile.twitter.com/a/status/1?s=20": "https://twitter.com/a/status/1",
            "https://en.m.wikipedia.org/wiki/Cat": "https://en.wikipedia.org/wiki/Cat",
            "https://m.media-amazon.com/images/a.jpg": "https://m.media-amazon.com/images/a.jpg",
            "http://example.com:80/a": "https://example.com/a",
            "https://example.com:443/a": "https://example.com/a",
            "https://example.com:8080/a": "https://example.com:8080/a",
            "http://127.0.0.1:8000/x.png": "https://127.0.0.1:8000/x.png",
            "http://[::1]/x": "https://[::1]/x",
            "https://user:password@example.com/a": "https://example.com/a",
            "https://example.com./a": "https://example.com/a",
            "https://m\u00fcnchen.de/": "https://xn--mnchen-3ya.de/",
            "https://example.com/caf\u00e9": "https://example.com/caf%C3%A9",
            "https://example.com/caf%c3%a9": "https://example.com/caf%C3%A9",
            "https://example.com/%7Euser/%61": "https://example.com/~user/a",
            "https://example.com/a b": "https://example.com/a%20b",
            "https://example.com//a///b": "https://example.com/a/b",
            "https://example.com/a#section": "https://example.com/a",
            "https://example.com?b=2&a=1": "https://example.com/?a=1&b=2",
            "  <https://example.com/a>\n": "https://example.com/a",
            "https://example.com/a),": "https://example.com/a",
            "https://en.wikipedia.org/wiki/Cat_(film)": "https://en.wikipedia.org/wiki/Cat_(film)",
            "//example.com/a": "https://example.com/a",
            "www.example.com/a": "https://example.com/a",
            "http://http://example.com/a": "https://example.com/a",
            "https%3A%2F%2Fexample.com%2Fa": "https://example.com/a",
        }
    )


def test_entities_are_what_they_stand_for() -> None:
    assert_forms(
        {
            "https://example.com/a?x=1&amp;y=2": "https://example.com/a?x=1&y=2",
            "https://example.com/a?x=1&amp;amp;y=2": "https://example.com/a?x=1&y=2",
            "https://example.com/a?x=1&#38;y=2": "https://example.com/a?x=1&y=2",
            "https://example.com/a?x=1&#x26;y=2": "https://example.com/a?x=1&y=2",
            "https://example.com/a&quot;": "https://example.com/a",
        }
    )


def test_parameters_that_only_track_go_and_others_stay() -> None:
    assert_forms(
        {
            "https://example.com/a?utm_source=share&utm_medium=web&id=7": "https://example.com/a?id=7",
            "https://example.com/a?UTM_Source=share": "https://example.com/a",
            "https://example.com/a?fbclid=IwAR0&gclid=1&msclkid=2": "https://example.com/a",
            "https://example.com/a?utm_source=x&amp;ref=y": "https://example.com/a",
            "https://example.com/a?reference=1": "https://example.com/a?reference=1",
            "https://twitter.com/a/status/1?s=20&t=AbC": "https://twitter.com/a/status/1",
            "https://example.com/a?s=20&t=AbC": "https://example.com/a?s=20&t=AbC",
            "https://www.instagram.com/p/AbC/?igshid=1&hl=en": "https://instagram.com/p/AbC",
            "https://www.bbc.co.uk/news/1?ns_mchannel=social&at_medium=x": "https://bbc.co.uk/news/1",
            "https://open.spotify.com/track/1?si=x": "https://open.spotify.com/track/1",
        }
    )


def test_shapes_of_reddit() -> None:
    assert_forms(
        {
            "https://i.redd.it/wcd5qgm9wyug1.jpeg": "https://i.redd.it/wcd5qgm9wyug1.jpeg",
            "https://preview.redd.it/abc123.jpg?width=640&amp;auto=webp&amp;s=f00": "https://i.redd.it/abc123.jpg",
            "https://preview.redd.it/a-long-title-v0-abc123.png?width=640&s=f00": "https://i.redd.it/abc123.png",
            "https://www.reddit.com/media?url=https%3A%2F%2Fi.redd.it%2Fabc123.jpg": "https://i.redd.it/abc123.jpg",
            "https://v.redd.it/abc123": "https://v.redd.it/abc123",
            "https://v.redd.it/abc123/DASH_720.mp4?source=fallback": "https://v.redd.it/abc123",
            "https://v.redd.it/abc123/HLSPlaylist.m3u8?a=1%2Cb": "https://v.redd.it/abc123",
            "https://packaged-media.redd.it/abc123/pb/m2-res_720p.mp4?m=x": "https://v.redd.it/abc123",
            "https://www.reddit.com/link/hp1yp5/video/abc123/player": "https://v.redd.it/abc123",
            "https://www.reddit.com/video/abc123": "https://v.redd.it/abc123",
            "https://www.reddit.com/gallery/hp1yp5": "https://www.reddit.com/gallery/hp1yp5",
            "https://reddit.com/gallery/hp1yp5/": "https://www.reddit.com/gallery/hp1yp5",
            "/gallery/hp1yp5": "https://www.reddit.com/gallery/hp1yp5",
            "https://www.reddit.com/r/pics/comments/hp1yp5/a_title/": "https://www.reddit.com/comments/hp1yp5",
            "https://old.reddit.com/r/pics/comments/hp1yp5/": "https://www.reddit.com/comments/hp1yp5",
            "https://np.reddit.com/r/pics/comments/hp1yp5?st=1&sh=2": "https://www.reddit.com/comments/hp1yp5",
            "https://www.reddit.com/user/someone/comments/hp1yp5/a_title": "https://www.reddit.com/comments/hp1yp5",
            "/r/pics/comments/hp1yp5/a_title/": "https://www.reddit.com/comments/hp1yp5",
            "/comments/hp1yp5": "https://www.reddit.com/comments/hp1yp5",
            "https://redd.it/hp1yp5": "https://www.reddit.com/comments/hp1yp5",
            "https://reddit.com/r/a/comments/hp1yp5/b/fxy12/?context=3": "https://www.reddit.com/comments/hp1yp5/_/fxy12",
            "https://old.reddit.com/r/pics/": "https://www.reddit.com/r/pics",
        }
    )


def test_a_signed_address_of_reddits_keeps_what_is_signed() -> None:
    upload = "https://i.reddituploads.com/0123456789abcdef0123456789abcdef?fit=max&h=1536&s=aa&w=1536"
    preview = "https://external-preview.redd.it/abc_-DEF.jpg?s=aa&width=640"
    assert_forms({upload: upload, preview: preview})


def test_shapes_of_imgur() -> None:
    assert_forms(
        {
            "http://i.imgur.com/UpdJP3s.jpg": "https://i.imgur.com/UpdJP3s.jpg",
            "https://i.imgur.com/UpdJP3s.png?1": "https://i.imgur.com/UpdJP3s.jpg",
            "https://i.imgur.com/UpdJP3sh.jpg": "https://i.imgur.com/UpdJP3s.jpg",
            "https://i.imgur.com/UpdJP3s_d.webp?maxwidth=640": "https://i.imgur.com/UpdJP3s.jpg",
            "http://i.imgur.com/ZCjbD.jpg": "https://i.imgur.com/ZCjbD.jpg",
            "https://i.imgur.com/juAz83k.gifv": "https://i.imgur.com/juAz83k.mp4",
            "https://i.imgur.com/juAz83k.GIF": "https://i.imgur.com/juAz83k.mp4",
            "https://imgur.com/juAz83k.mp4": "https://i.imgur.com/juAz83k.mp4",
            "http://imgur.com/yrBoL": "https://imgur.com/yrBoL",
            "https://m.imgur.com/zNrP779?r": "https://imgur.com/zNrP779",
            "https://imgur.com/r/pics/zNrP779": "https://imgur.com/zNrP779",
            "https://imgur.com/a/AbCdE#3": "https://imgur.com/a/AbCdE",
            "https://imgur.com/a/a-title-AbCdE": "https://imgur.com/a/AbCdE",
            "https://imgur.com/gallery/AbCdE/new": "https://imgur.com/gallery/AbCdE",
            "https://imgur.com/t/cats/AbCdEfG": "https://imgur.com/gallery/AbCdEfG",
        }
    )


def test_other_sites_are_known_by_id() -> None:
    assert_forms(
        {
            "https://thumbs.gfycat.com/TidyFatCat-size_restricted.gif": "https://gfycat.com/tidyfatcat",
            "https://www.redgifs.com/ifr/TidyFatCat": "https://redgifs.com/watch/tidyfatcat",
            "https://media.giphy.com/media/3o7abc123DEF/giphy.gif": "https://giphy.com/gifs/3o7abc123DEF",
            "https://streamable.com/e/moo12": "https://streamable.com/moo12",
            "https://player.vimeo.com/video/123456?byline=0": "https://vimeo.com/123456",
            "https://vimeo.com/channels/staffpicks/123456": "https://vimeo.com/123456",
            "https://dai.ly/x2abc3": "https://dailymotion.com/video/x2abc3",
            "https://www.dailymotion.com/embed/video/x2abc3": "https://dailymotion.com/video/x2abc3",
            "https://www.twitch.tv/someone/clip/TidyFatCat": "https://clips.twitch.tv/TidyFatCat",
            "https://www.twitch.tv/someone/v/12345": "https://twitch.tv/videos/12345",
            "https://pbs.twimg.com/media/Abc-_1?format=jpg&name=large": "https://pbs.twimg.com/media/Abc-_1.jpg",
            "https://pbs.twimg.com/media/Abc-_1.jpg:large": "https://pbs.twimg.com/media/Abc-_1.jpg",
        }
    )


def test_a_link_that_only_leads_elsewhere_is_its_target() -> None:
    assert_forms(
        {
            "https://www.google.com/url?sa=t&url=https%3A%2F%2Fexample.com%2Fa&usg=x": "https://example.com/a",
            "https://www.google.co.uk/imgres?imgurl=http://example.com/a.png&h=1": "https://example.com/a.png",
            "https://www.google.com/amp/s/www.example.com/a.html": "https://example.com/a.html",
            "https://l.facebook.com/l.php?u=https%3A%2F%2Fi.redd.it%2Fabc.jpg&h=1": "https://i.redd.it/abc.jpg",
            "https://www.youtube.com/redirect?q=https%3A%2F%2Fexample.com%2Fa&v=dQw4w9WgXcQ": "https://example.com/a",
        }
    )


def test_a_chain_of_links_is_followed_and_an_endless_one_is_noise() -> None:
    link = "https://www.reddit.com/media?url="
    picture = "https://i.redd.it/abc.jpg"
    assert canonical(link * 3 + picture, link * 50 + picture) == [picture, None]


def test_what_is_no_address_of_the_web_is_null() -> None:
    nothing = [
        *(None, "", " ", "self.AskReddit", "default", "image", "nsfw", "/r/pics", "no address at all"),
        *("mailto:a@example.com", "javascript:alert(1)", "ftp://example.com/a", "http://", "https:///", "\x00"),
        *("http://localhost/a", "http://.com/", "http://a..b/", "[a](https://example.com)", "https://exa mple.com/"),
    ]
    assert dict(zip(nothing, canonical(*nothing), strict=True)) == dict.fromkeys(nothing)
