"""Why a row is rejected, or why a part of it is absent: the closed lists that datasets and funnels use."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a record was rejected. A value never changes its meaning; new ones are added at the end of a group."""

    # Malformed input: the record cannot be read.
    NOT_JSON = "not_json"
    NOT_UTF8 = "not_utf8"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    LINE_TOO_LONG = "line_too_long"
    TRUNCATED_FILE = "truncated_file"
    UNREADABLE_FILE = "unreadable_file"

    # Outside what the recipe asks for.
    OTHER_SUBREDDIT = "other_subreddit"
    BEFORE_WINDOW = "before_window"
    AFTER_WINDOW = "after_window"
    NOT_LISTED = "not_listed"  # not among the posts that the recipe lists
    NOT_FOUND = "not_found"  # listed by the recipe, and in no archive
    WORDS = "words"  # lacks the words that the recipe asks for, or has those that it leaves out
    OUT_OF_RANGE = "out_of_range"  # a number lies outside what the recipe asks for
    NOT_SAMPLED = "not_sampled"  # not among the samples that were drawn
    ORPHAN_COMMENT = "orphan_comment"
    POST_REJECTED = "post_rejected"

    # Posts and comments that the platform or their author withdrew, or that a program wrote.
    DELETED = "deleted"
    REMOVED = "removed"
    NSFW = "nsfw"
    NSFW_WORD = "nsfw_word"
    KNOWN_BOT = "known_bot"
    BOT_NAME = "bot_name"
    SAYS_BOT = "says_bot"
    ACCOUNT_DELETED = "account_deleted"  # the author's account is gone, and the record stays
    NOT_INDEXABLE = "not_indexable"  # search engines may not list it
    PROMOTED = "promoted"  # an advertisement
    STICKIED = "stickied"  # pinned to the top
    DISTINGUISHED = "distinguished"  # its author speaks as a moderator or for the platform
    TOO_FRESH = "too_fresh"  # its numbers were read soon after it was posted

    # Media of a post.
    MEDIA_KIND = "media_kind"
    MEDIA_HOST = "media_host"
    TOO_LONG = "too_long"
    UNAVAILABLE = "unavailable"
    LIVE = "live"

    # A file of media.
    NO_FILE = "no_file"  # the media of a post is not among the files
    NOT_MEDIA = "not_media"  # no container or image format that we read
    DAMAGED = "damaged"  # nothing of it can be decoded
    NO_PICTURES = "no_pictures"  # audio alone, or a container without frames
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_FRAMES = "too_many_frames"
    BOMB = "bomb"  # unpacks to far more than it holds
    TIMED_OUT = "timed_out"
    DECODER_CRASHED = "decoder_crashed"
    OTHER_MEDIA = "other_media"  # a picture for a video, or of another length than the record says
    PLACEHOLDER = "placeholder"  # what a host shows in place of media that are gone
    MODEL_FAILED = "model_failed"  # a model's answer could not be had or read

    # A YouTube video and its channel.
    CHANNEL_NOT_LISTED = "channel_not_listed"
    CATEGORY = "category"
    TOPIC_WORD = "topic_word"
    LANGUAGE = "language"
    COMMENTS_DISABLED = "comments_disabled"
    FEW_VIEWS = "few_views"

    # Comments.
    FEW_WORDS = "few_words"
    MANY_WORDS = "many_words"
    NEAR_DUPLICATE = "near_duplicate"
    NOT_IN_TOP = "not_in_top"
    FEW_COMMENTS = "few_comments"

    # Instruction pairs.
    NOTHING_TO_ASK = "nothing_to_ask"


#: Reasons that say the record itself is broken. The recipe's ``max_malformed`` counts these.
MALFORMED = frozenset(
    {
        Reason.NOT_JSON,
        Reason.NOT_UTF8,
        Reason.NOT_AN_OBJECT,
        Reason.MISSING_FIELD,
        Reason.WRONG_TYPE,
        Reason.LINE_TOO_LONG,
        Reason.TRUNCATED_FILE,
        Reason.UNREADABLE_FILE,
    }
)


class Unpublished(StrEnum):
    """Why a file of media that a sample shows is not published."""

    NO_FILE = "no_file"  # it is no longer where it was measured
    FILE_CHANGED = "file_changed"  # what lies there now is another file
    METADATA_STAYS = "metadata_stays"  # what it says of people and places cannot be taken out alone
    TOO_MANY_BYTES = "too_many_bytes"  # more than a cell of a table holds


class ReplayAbsent(StrEnum):
    """Why a post has no replay graph."""

    NOT_OFFERED = "not_offered"  # the platform has no such graph (Reddit)
    NOT_IN_RECORD = "not_in_record"  # the record came without one (too few views, too new, or not asked for)
    MALFORMED = (
        "malformed"  # the record's graph has gaps, overlaps, values outside 0..1, or another length than the media
    )


class Absent(StrEnum):
    """Why something that a fetch folder asked for is not to be had. It is no failure: asking again would not help."""

    # The platform's answer.
    NOT_FOUND = "not_found"  # there is nothing under that id or address
    DELETED = "deleted"  # its author withdrew it, or the account is gone
    REMOVED = "removed"  # moderators or the platform withdrew it
    PRIVATE = "private"
    MEMBERS_ONLY = "members_only"
    AGE_RESTRICTED = "age_restricted"
    REGION_BLOCKED = "region_blocked"
    LIVE = "live"  # running, or yet to come
    QUARANTINED = "quarantined"
    BANNED = "banned"  # the subreddit or the channel
    NO_MEDIA = "no_media"  # the post is there, and offers no file within the recipe's limits
    UNAVAILABLE = "unavailable"  # the platform does not say why

    # The host of a file does not want it collected.
    ROBOTS = "robots"
    NO_AI = "no_ai"

    # What came is not what was asked for, or may not be asked for.
    UNSAFE_ADDRESS = "unsafe_address"  # no http(s), or it leads to a private, loopback or link-local address
    TOO_MANY_REDIRECTS = "too_many_redirects"
    NOT_MEDIA = "not_media"  # its bytes are no image or video
    TOO_MANY_BYTES = "too_many_bytes"
    BOMB = "bomb"  # unpacks to far more than it holds


#: What its author or the platform took back after it was posted: a dataset made from now on leaves it out.
WITHDRAWN = frozenset({Absent.DELETED, Absent.REMOVED, Absent.PRIVATE, Absent.BANNED, Absent.NOT_FOUND})
