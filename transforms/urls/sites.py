"""What is known of hosts: their skins, the shapes their addresses come in, what only tracks, what they show.

Patterns are of the Rust crate `regex` (no look-around). Facts about YouTube, imgur, vimeo, redgifs and streamable
follow the ``_VALID_URL`` of yt-dlp's extractors; those about Reddit, what its archives hold.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What a shape gives for a link that only leads elsewhere; the target, percent-encoded or not, follows.
LEADS_TO = "leads-to:"

_END = r"(?:[^A-Za-z0-9_-].*)?$"
_TARGET = r"(https?(?::|%(?:25)*3A)[^&#]+).*$"
_YOUTUBE = "https://www.youtube.com/watch?v=$1"
# Delimiters of a query, as they are or percent-encoded, once or more often.
_MARK = r"(?:[?&;#!/]|%(?:25)*(?:3F|26|23|21|2F))"
_VIDEO_IS = rf"{_MARK}(?:v|vi|video_id|videoid)(?:=|%(?:25)*3D)"
_YOUTUBE_ID = rf"([A-Za-z0-9_-]{{11}}){_END}"
_IMGUR_FILE = r"^/+(?:r/[^/]+/+)?(?:[^/?#]*-)?(?:([A-Za-z0-9]{7})[sbtmlh]|([A-Za-z0-9]+))(?:_d)?"
# Pages of the site itself, as long as an id.
_IMGUR_PAGE = r"imgur\.com/(?:about|gallery|login|memegen|privacy|rules|tools)$"
_REDDIT_POST = "https://www.reddit.com/comments/$1"


@dataclass(frozen=True)
class Site:
    """Hosts whose addresses come in many shapes.

    ``hosts`` is a pattern for the whole host without its skin. ``shapes`` are pairs of a pattern for what follows the
    host (path, query, fragment) and the address it stands for; the first that matches counts. ``group`` is the name by
    which a recipe knows the host; without one it is known by its registered name.
    """

    hosts: str
    shapes: tuple[tuple[str, str], ...] = ()
    group: str | None = None
    ignores_case: bool = False


SITES = (
    Site(
        r"(?:[\w-]+\.)*(?:youtube(?:-nocookie|kids)?\.[a-z]{2,3}(?:\.[a-z]{2})?|ytimg\.com)|youtube\.googleapis\.com"
        r"|hooktube\.com|invidio\.us|yewtu\.be|redirect\.invidious\.io",
        (
            # `videoseries` and `live_stream` have the eleven letters of an id, and are none.
            (r"^/+embed/+videoseries.*?[?&]list=([\w-]+).*$", "https://www.youtube.com/playlist?list=$1"),
            (r"^/+embed/+live_stream.*?[?&]channel=([\w-]+).*$", "https://www.youtube.com/channel/$1/live"),
            (r"^/+(?:embed|v|e)/+(?:videoseries|live_stream)(?:[^\w-].*)?$", "https://www.youtube.com/"),
            (rf"^/+redirect/*\?(?:.*?&)?q={_TARGET}", rf"{LEADS_TO}$1"),
            (rf"^/+(?:embed|v|e|shorts|live|watch|video|vi|vi_webp|an_webp|sb)/+{_YOUTUBE_ID}", _YOUTUBE),
            (rf"^/.*?{_VIDEO_IS}{_YOUTUBE_ID}", _YOUTUBE),
            (rf"^/.*?#[pg]/(?:[^/]+/)+{_YOUTUBE_ID}", _YOUTUBE),
        ),
        group="youtube",
    ),
    Site(
        r"youtu\.be|y2u\.be|vid\.plus",
        (
            (rf"^/+(?:embed/+|v/+|shorts/+|live/+|watch/+)?{_YOUTUBE_ID}", _YOUTUBE),
            (rf"^/.*?{_VIDEO_IS}{_YOUTUBE_ID}", _YOUTUBE),
        ),
        group="youtube",
    ),
    Site(
        r"(?:i|preview)\.redd\.it",
        # Old names are an id; newer previews put the post's title before it: `some-title-v0-<id>.jpg`.
        ((r"^/+(?:[^/?#]*-v0-)?([A-Za-z0-9]+)\.([A-Za-z0-9]+)(?:[^A-Za-z0-9].*)?$", "https://i.redd.it/$1.$2"),),
        group="reddit",
    ),
    Site(
        r"v\.redd\.it|packaged-media\.redd\.it",
        ((rf"^/+([A-Za-z0-9]+){_END}", "https://v.redd.it/$1"),),
        group="reddit",
    ),
    # Sizes are signed: what is left out of the query makes the address useless, so all of it stays.
    Site(r"i\.reddituploads\.com|external-preview\.redd\.it", group="reddit"),
    Site(r"redd\.it", ((rf"^/+([a-z0-9]+){_END}", _REDDIT_POST),)),
    Site(
        r"(?:[\w-]+\.)*reddit\.com",
        (
            (rf"^.*?[?&]url={_TARGET}", rf"{LEADS_TO}$1"),
            (
                r"^/+(?:(?:r|u|user)/+[^/?#]+/+)?comments/+([a-z0-9]+)/[^/?#]*/+([a-z0-9]+)(?:[/?#].*)?$",
                rf"{_REDDIT_POST}/_/$2",
            ),
            (rf"^/+(?:(?:r|u|user)/+[^/?#]+/+)?comments/+([a-z0-9]+){_END}", _REDDIT_POST),
            (rf"^/+(?:info/+|info/*\?(?:.*?&)?id=|tb/+|by_id/+t3_)([a-z0-9]+){_END}", _REDDIT_POST),
            (rf"^/+gallery/+([a-z0-9]+){_END}", "https://www.reddit.com/gallery/$1"),
            (rf"^/+(?:link/+[a-z0-9]+/+)?video/+([a-z0-9]+){_END}", "https://v.redd.it/$1"),
        ),
    ),
    Site(
        r"(?:[im]\.)?imgur\.(?:com|io)",
        (
            (r"^/+(a|gallery)/+(?:[^/?#]*-)?([A-Za-z0-9]+)(?:[^A-Za-z0-9].*)?$", "https://imgur.com/$1/$2"),
            (r"^/+(?:t|topic)/+[^/?#]+/+(?:[^/?#]*-)?([A-Za-z0-9]+)(?:[/?#].*)?$", "https://imgur.com/gallery/$1"),
            # One id has one file: it answers with that, whichever picture (or film) extension is asked for.
            (rf"{_IMGUR_FILE}\.(?i:gifv?|mp4|webm){_END}", "https://i.imgur.com/$1$2.mp4"),
            (rf"{_IMGUR_FILE}\.(?i:jpe?g|png|webp|bmp|tiff?){_END}", "https://i.imgur.com/$1$2.jpg"),
            (
                r"^/+(?:r/+[^/]+/+)?(?:[^/?#]*-)?([A-Za-z0-9]{7}|[A-Za-z0-9]{5})/*(?:(?:new|embed)/*)?(?:[?#].*)?$",
                "https://imgur.com/$1",
            ),
        ),
        group="imgur",
    ),
    Site(
        r"(?:[\w-]+\.)*gfycat\.com",
        ((rf"^/+(?:(?:[a-z]{{2}}|gifs|detail|ifr|@[^/]+)/+)*([a-z]{{9,}})(?:-[^/]*)?{_END}", "https://gfycat.com/$1"),),
        group="gfycat",
        ignores_case=True,
    ),
    Site(
        r"(?:[\w-]+\.)*(?:redgifs|gifdeliverynetwork)\.com",
        (
            (
                rf"^/+(?:watch/+|ifr/+|gifs/+detail/+)?([a-z]{{9,}})(?:-[^/]*)?{_END}",
                "https://redgifs.com/watch/$1",
            ),
        ),
        group="redgifs",
        ignores_case=True,
    ),
    Site(
        r"(?:[\w-]+\.)?giphy\.com",
        (
            (
                rf"^/+(?:(?:gifs|embed|media|clips)/+)?(?:v1\.[^/]+/+)?(?:[^/?#]*-)?([A-Za-z0-9]{{10,}}){_END}",
                "https://giphy.com/gifs/$1",
            ),
        ),
        group="giphy",
    ),
    Site(
        r"streamable\.com",
        ((rf"^/+(?:[eos]/+)?([A-Za-z0-9]{{3,8}}){_END}", "https://streamable.com/$1"),),
        "streamable",
    ),
    Site(
        r"(?:player\.)?vimeo\.com",
        (
            (
                (
                    r"^/+(?:(?:channels|groups|album|showcase)/+[^/?#]+/+(?:videos?/+)?|(?:m|hd|videos?|staffpicks)/+"
                    rf"|[^/?#]+/+review/+)?(\d+){_END}"
                ),
                "https://vimeo.com/$1",
            ),
            (rf"^/+[^?#]*\?(?:.*?&)?clip_id=(\d+){_END}", "https://vimeo.com/$1"),
        ),
        group="vimeo",
    ),
    Site(
        r"(?:[\w-]+\.)?dailymotion\.com",
        ((r"^/+(?:[^?#]*/)?(?:video|swf)/+([A-Za-z0-9]+)(?:[^A-Za-z0-9].*)?$", "https://dailymotion.com/video/$1"),),
        group="dailymotion",
    ),
    Site(r"dai\.ly", ((rf"^/+([A-Za-z0-9]+){_END}", "https://dailymotion.com/video/$1"),), group="dailymotion"),
    Site(
        r"clips\.twitch\.tv",
        ((rf"^/+(?:embed/*\?(?:.*?&)?clip=|[^/?#]+/+)?([\w-]+){_END}", "https://clips.twitch.tv/$1"),),
        group="twitch",
    ),
    Site(
        r"(?:[\w-]+\.)?twitch\.tv",
        (
            (rf"^/+(?:[^/?#]+/+)?clip/+([\w-]+){_END}", "https://clips.twitch.tv/$1"),
            (rf"^/+(?:[^/?#]+/+)?(?:videos|video|v)/+v?(\d+){_END}", "https://twitch.tv/videos/$1"),
        ),
        group="twitch",
    ),
    Site(
        r"pbs\.twimg\.com",
        ((rf"^/+media/+([\w-]+)(?:\.|/*\?(?:.*?&)?format=)([a-z]+){_END}", "https://pbs.twimg.com/media/$1.$2"),),
    ),
    Site(
        r"(?:[\w-]+\.)*google\.[a-z]{2,3}(?:\.[a-z]{2})?",
        (
            (rf"^/+(?:url|imgres)/*\?(?:.*?&)?(?:q|url|imgurl)={_TARGET}", rf"{LEADS_TO}$1"),
            (r"^/+amp/+s/+(.+)$", rf"{LEADS_TO}https://$1"),
        ),
    ),
    Site(r"(?:lm?\.)?facebook\.com|l\.instagram\.com", ((rf"^.*?[?&]u={_TARGET}", rf"{LEADS_TO}$1"),)),
    # A copy of a page is a page of its own; but a video has its number, wherever its page is kept.
    Site(
        r"web\.archive\.org|web-beta\.archive\.org",
        (
            (
                r"^/+web/+[^/]+/+(?:https?:/*)?((?:[\w-]+\.)*(?:youtube\.com|youtu\.be|ytimg\.com)[:/?].*)$",
                rf"{LEADS_TO}https://$1",
            ),
        ),
    ),
)

#: Hosts that begin as a skin does, and are none.
NO_SKINS = ("m.media-amazon.com", "m.wsj.net")

#: Skins of a host, in this order.
SKINS = (
    (r"^(?:(?:www|m|mobile)\.)+([^.]+\.[^.].*)$", "$1"),
    (r"^([a-z-]+)\.m\.(wik[a-z]+\.org)$", "$1.$2"),
    # Two letters are a language or a view: np, nr, de, pt-br ...
    (r"^(?:(?:old|new|amp|pay|ssl|beta|i|[a-z]{2}(?:-[a-z]{2})?)\.)?reddit\.com$", "www.reddit.com"),
    (r"^(?:(?:gaming|music|[a-z]{2})\.)?youtube\.com$", "www.youtube.com"),
)

#: Parameters that only say how somebody came to a page, on any host (patterns for the whole name, any case).
TRACKING = (
    *(
        r"utm_.*",
        "utm",
        "fbclid",
        "gclid",
        "gclsrc",
        "dclid",
        "gbraid",
        "wbraid",
        "msclkid",
        "twclid",
        "ttclid",
        "yclid",
    ),
    *(
        "igshid",
        "igsh",
        "mc_cid",
        "mc_eid",
        "mkt_tok",
        "_ga",
        "_gl",
        "_hsenc",
        "_hsmi",
        "vero_id",
        "oly_enc_id",
        "wt_mc",
    ),
    *(
        "ref",
        "ref_",
        "ref_src",
        "ref_url",
        "ref_source",
        "referrer",
        "share_id",
        "cmpid",
        "cmp",
        "ncid",
        "icid",
        "ocid",
    ),
    *("spm", "xtor", "s_cid", "guccounter", "guce_referrer", "guce_referrer_sig", "fb_action_.*", "fb_source"),
)

#: Those that track on one host (and those under it), and may name something elsewhere.
TRACKING_ON = {
    "youtube.com": ("feature", "si", "pp", "app", "ab_channel", "attr_tag", "cbrd", "ucbcbs", "spfreload", "gl", "hl"),
    "reddit.com": ("context", "st", "sh", "rdt", "post_index"),
    "twitter.com": ("s", "t", "cxt", "lang"),
    "x.com": ("s", "t", "cxt", "lang"),
    "tiktok.com": (".*",),
    "instagram.com": (".*",),
    "spotify.com": ("si", "context", "nd"),
    "nytimes.com": (
        "smid",
        "smtyp",
        "partner",
        "emc",
        "ei",
        "en",
        "ex",
        "hp",
        "_r",
        "module",
        "pgtype",
        "mtrref",
        "unlocked_article_code",
    ),
    "washingtonpost.com": ("hpid", "tid", "itid", "wpisrc", "wpmm", "nid"),
    "theguardian.com": ("fb", "gusrc"),
    "guardian.co.uk": ("fb", "gusrc"),
    "bbc.co.uk": ("ns_.*", "at_.*"),
    "bbc.com": ("ns_.*", "at_.*"),
    "facebook.com": ("__tn__", "__xts__.*", "__cft__.*", "mibextid", "hc_.*"),
    "amazon.com": ("tag", "linkcode", "psc", "qid", "sr", "keywords", "pf_rd_.*", "pd_rd_.*", "camp", "creative"),
}

#: What a canonical address (without `https://`) shows, by its beginning; the first that matches counts.
KIND_BY_FORM = {
    # A wiki's page about a picture is named as the picture is; Dropbox shows a file inside a page.
    "page": (r"[^/]+/(?:w|wiki)/(?:.*:)", r"dropbox\.com/s/.*\?dl=0", _IMGUR_PAGE),
    "gallery": (
        r"imgur\.com/(?:a|gallery)/",
        r"www\.reddit\.com/gallery/",
        r"flickr\.com/photos/[^/]+/(?:sets|albums)/",
    ),
    "gif": (r"i\.imgur\.com/[^/]+\.mp4$", r"gfycat\.com/[a-z]{9,}$", r"giphy\.com/gifs/[A-Za-z0-9]{10,}$"),
    "video": (
        *(
            r"www\.youtube\.com/watch\?v=[\w-]{11}$",
            r"v\.redd\.it/\w+$",
            r"vimeo\.com/\d+$",
            r"streamable\.com/\w{3,8}$",
        ),
        *(r"dailymotion\.com/video/", r"redgifs\.com/watch/", r"clips\.twitch\.tv/[\w-]+$", r"twitch\.tv/videos/"),
        *(
            r"liveleak\.com/(?:view|ll_embed)\?",
            r"tiktok\.com/@[^/]+/video/",
            r"video\.google\.com/(?:videoplay|googleplayer)",
        ),
        *(
            r"metacafe\.com/watch/",
            r"bitchute\.com/video/",
            r"rumble\.com/v",
            r"facebook\.com/watch",
            r"instagram\.com/reel/",
        ),
    ),
    "image": (r"imgur\.com/(?:[A-Za-z0-9]{7}|[A-Za-z0-9]{5})$", r"i\.reddituploads\.com/[0-9a-f]{32}"),
}

#: What a file shows, by the extension that its path ends in (any case).
KIND_BY_EXTENSION = {
    "image": ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "avif", "heic", "bmp", "tif", "tiff", "svg"],
    "gif": ["gif", "gifv", "apng"],
    "video": ["mp4", "m4v", "webm", "mov", "mkv", "avi", "flv", "wmv", "mpg", "mpeg", "ogv", "3gp", "m3u8", "mpd"],
}

#: From a canonical address to the key of its media; what none of these matches is its own key.
KEYS = (
    (rf"^(https://{_IMGUR_PAGE})", "url:$1"),
    (r"^https://www\.youtube\.com/watch\?v=([\w-]{11})$", "youtube:$1"),
    (r"^https://i\.redd\.it/([A-Za-z0-9]+)\.[A-Za-z0-9]+$", "reddit-image:$1"),
    (r"^https://i\.reddituploads\.com/([0-9a-f]{32})(?:[^0-9a-f].*)?$", "reddit-image:$1"),
    (r"^https://v\.redd\.it/([A-Za-z0-9]+)$", "reddit-video:$1"),
    (r"^https://i\.imgur\.com/([A-Za-z0-9]+)\.(?:jpg|mp4)$", "imgur:$1"),
    (r"^https://imgur\.com/([A-Za-z0-9]{7}|[A-Za-z0-9]{5})$", "imgur:$1"),
)
