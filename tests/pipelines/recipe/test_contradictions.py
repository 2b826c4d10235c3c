"""Options that let nothing in are told before anything runs, with their place in the recipe."""

from pathlib import Path

import pytest

from blift.pipelines.recipe.file import load_recipe
from blift.schemas.errors import RecipeError

SMALLEST = "name: small\nsources:\n  reddit:\n    submissions: [RS_*]\n"


def error_of(folder: Path, more: str) -> str:
    """What is said of a recipe whose fifth line is wrong, after the file and the line."""
    (folder / "cats.txt").write_text("cat\ndog\n")
    (folder / "dogs.txt").write_text("Dog\ncow\n")
    path = folder / "mine.yaml"
    path.write_text(SMALLEST + more + "\n", encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        load_recipe(str(path))
    beginning = f"{path}, line 5: `"
    assert str(caught.value).startswith(beginning)
    return str(caught.value).removeprefix(beginning)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (
            "min_score: 50, max_score: 10",
            "min_score` is 50, and `max_score` is 10: nothing lies between them; correct one of them.",
        ),
        ("min_upvote_ratio: 2", "min_upvote_ratio` is 2: it must be at most 1."),
        ("min_upvote_ratio: -0.5", "min_upvote_ratio` is -0.5: it must be at least 0."),
        ("media_kinds: []", "media_kinds` is []: it is empty; name at least one, or leave the key out."),
        (
            "media_kinds: [vidoe]",
            "media_kinds.0` is 'vidoe': it must be 'image', 'gif', 'gallery', 'video', 'page' or ",
        ),
        ("image_hosts: []", "image_hosts` is []: it is empty; name at least one, or leave the key out."),
        ("video_hosts: ['']", "video_hosts.0` is '': it is empty; write a name, or leave it out."),
        ("video_hosts: youtube", "video_hosts` is 'youtube': it must be a list, such as [one, two]."),
        ("pattern: cat, pattern_out: cat", "pattern` and `pattern_out` both name 'cat': what the one lets in, "),
        ("words: cats.txt, words_out: dogs.txt", "words` and `words_out` both name 'dog': "),
        ("words: [cat]", "words`: A recipe names a file by its path, not by ['cat']. Write the list into a file."),
        ("words: ''", "words`: The path of the file is empty. Name a file, or leave the key out."),
        ("nsfw_words: gone.txt", "nsfw_words`: The list "),
        ("pattern: '('", "pattern`: '(' is no regular expression: unclosed group."),
        ("min_num_comments: -1", "min_num_comments` is -1: it must be at least 0."),
        ("min_age_hours: -1", "min_age_hours` is -1: it must be at least 0."),
        ("min_score: yes", "min_score` is true: it must be a number; YAML reads yes, no, on and off as booleans."),
        ("min_score: 1.5", "min_score` is 1.5: it must be a whole number."),
        ("deleted: 3", "deleted` is 3: it must be true or false."),
    ],
)
def test_options_for_posts_that_let_nothing_in_are_refused(option: str, said: str, tmp_path: Path) -> None:
    assert error_of(tmp_path, f"curate: {{reddit: {{posts: {{{option}}}}}}}").startswith(f"curate.reddit.posts.{said}")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("min_likes: -1", "min_likes` is -1: it must be at least 0."),
        ("views_above: 9, max_views: 9", "views_above` is 9, and `max_views` is 9: nothing lies between them; "),
        ("categories: [Music], categories_out: [music]", "categories` and `categories_out` both name 'music': "),
        ("channels: cats.txt, channels_out: cats.txt", "channels` and `channels_out` both name 'cat', 'dog': "),
        ("availabilities: []", "availabilities` is []: it is empty; "),
    ],
)
def test_options_for_videos_are_checked_in_the_same_way(more: str, said: str, tmp_path: Path) -> None:
    found = error_of(tmp_path, f"curate: {{youtube: {{posts: {{{more}}}}}}}")
    assert found.startswith(f"curate.youtube.posts.{said}")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("min_words: 5, max_words: 2", "min_words` is 5, and `max_words` is 2: nothing lies between them; "),
        ("min_words: -1", "min_words` is -1: it must be at least 0."),
        ("max_words: 0", "max_words` is 0: it must be at least 1."),
        ("max_depth: -1", "max_depth` is -1: it must be at least 0."),
    ],
)
def test_options_for_comments_that_let_nothing_in_are_refused(option: str, said: str, tmp_path: Path) -> None:
    found = error_of(tmp_path, f"curate: {{reddit: {{comments: {{{option}}}}}}}")
    assert found.startswith(f"curate.reddit.comments.{said}")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("subreddits: []", "subreddits` is []: it is empty; name at least one, or leave the key out."),
        ("subreddits: [r/]", "subreddits.0` is 'r/': it names no subreddit; write it such as pics or r/pics."),
        ("subreddits: [pics], subreddits_out: [r/Pics]", "subreddits` and `subreddits_out` both name 'pics': "),
        (
            "posted_from: 2020-01-02, posted_before: 2020-01-01",
            "posted_from` is 2020-01-02, and `posted_before` is 2020-01-01: no day lies between them; ",
        ),
        ("posted_from: 2020", "posted_from` is 2020: it must be a day, such as 2020-01-31."),
        ("posted_from: 2020-01-01T12:00:00", "posted_from` is 2020-01-01 12:00:00: it must be a day, such as "),
        (
            "subreddit_posted_from: {pics: 2020-01-02}, posted_before: 2020-01-01",
            "subreddit_posted_from` of 'pics' is 2020-01-02, and `posted_before` is 2020-01-01: no post is left; ",
        ),
        (
            "subreddit_posted_from: {pics: 2020-01-01}, subreddits: [aww]",
            "subreddit_posted_from` names 'pics', which `subreddits` leaves out; correct one of them.",
        ),
        ("ids: ''", "ids`: The path of the file is empty. Name a file, or leave the key out."),
        ("ids: [a]", "ids`: A recipe names a file by its path, not by ['a']. Write the list into a file."),
        ("ids: {repo: x}", "ids`: 'x' is no dataset on the Hub. Write it as `OWNER/NAME`."),
        ("ids: {path: gone.txt}", "ids`: The list gone.txt cannot be read (No such file or directory); "),
    ],
)
def test_a_scope_that_lets_nothing_in_is_refused(option: str, said: str, tmp_path: Path) -> None:
    found = error_of(tmp_path, f"    scope: {{{option}}}")
    assert found.startswith(f"sources.reddit.scope.{said}")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "curate: {samples: {min_comments: 5}, reddit: {choose: {top: 3}}}",
            "curate.samples.min_comments` is 5, and `choose.top` lets 3 comments of a sample in: no sample is left; ",
        ),
        ("curate: {samples: {max_duration_s: 0}}", "curate.samples.max_duration_s` is 0: it must be more than 0."),
        ("curate: {sample: {n: 0}}", "curate.sample.n` is 0: it must be at least 1."),
        ("curate: {sample: {n: yes}}", "curate.sample.n` is true: it must be a number; "),
        ("curate: {sample: 5}", "curate.sample` is 5: it must be a mapping of keys to values."),
        ("instruct: {media: required}", "instruct.media` is required, which needs the section `media`, which finds "),
        ("publish: {media: embedded}", "publish.media` needs the section `media`, which finds the files; add it."),
        (
            "media: {files: [a]}\npublish: {media: in_pairs, media_files: keyframes}",
            "publish.media_files` is keyframes, and pairs hold whole files (`publish.media: in_pairs`); leave out ",
        ),
        ("publish: {repo: x}", "publish.repo` is 'x': it is not of the form that is asked for: Dataset to publish to"),
        ("publish: {configs: [chatt]}", "publish.configs.0` is 'chatt': there is no such configuration, did you mean "),
        ("publish: {tag: 1.2}", "publish.tag` is 1.2: it must be text; put it in quotes if YAML reads it as something"),
        ("media: {describe: {}}", "media.describe`: name `endpoint`, or `tagger`."),
        ("media: {frames: evry}", "media.frames` is 'evry': it must be 'every', 'sparse' or 'key', did you mean "),
        (
            "fetch: {reddit: {posted_from: 2021-01-01, posted_before: 2020-01-01}}",
            "fetch.reddit.posted_from` is 2021-01-01, and `posted_before` is 2020-01-01: no day lies between them; ",
        ),
        ("card: {language: [english]}", "card.language.0` is 'english': "),
    ],
)
def test_other_sections_are_checked_in_the_same_way(more: str, said: str, tmp_path: Path) -> None:
    assert error_of(tmp_path, more).startswith(said)


@pytest.mark.parametrize(
    "more",
    [
        "curate: {reddit: {posts: {min_score: -5, max_score: -5, min_upvote_ratio: 1}}}",
        "curate: {reddit: {comments: {min_words: 2, max_words: 2, max_depth: 0}}}",
        "curate: {samples: {min_comments: 3}, reddit: {choose: {top: 3}}}",
        "    scope: {subreddits: [pics], subreddits_out: [aww], posted_from: 2020-01-01, posted_before: 2020-01-02}",
    ],
)
def test_bounds_that_let_one_value_in_are_taken(more: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SMALLEST + more + "\n")
    assert load_recipe(str(tmp_path / "mine.yaml")).recipe.name == "small"
