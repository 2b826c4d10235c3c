"""Template files: those that come with the package load, and a wrong one says what is wrong, and where."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from blift.schemas.errors import RecipeError
from blift.transforms.templates import Part, TemplateFile, load_template, shipped
from blift.transforms.templates import template as module
from blift.transforms.templates.context import MEDIA, is_film, plain
from blift.transforms.templates.language import render

_GOOD = {
    "name": "my-own",
    "version": "1.2.3",
    "description": "Of one's own.",
    "asks": ["title"],
    "system": "You help.",
    "user": "{{ media }}\nWhich title?",
    "assistant": "{{ title }}",
}
_FOLDER = Path(module.__file__).parent


def write(folder: Path, **changes: Any) -> Path:
    """A template file; a key whose value is None is left out."""
    path = folder / "mine.yaml"
    content = {key: value for key, value in (_GOOD | changes).items() if value is not None}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def complaint(path: Path) -> str:
    with pytest.raises(RecipeError) as caught:
        load_template(path)
    message = str(caught.value)
    assert path.name in message
    return message


def test_the_templates_that_come_with_the_package() -> None:
    assert shipped() == [
        *("behaviour-simulation", "comments-only", "content-choice", "content-only", "content-simulation"),
        *("full", "growth", "likes-only", "memorability", "reactions", "replay-only", "saliency-objects"),
        *("saliency-regions", "titles-only"),
    ]


@pytest.mark.parametrize("name", shipped())
def test_each_shipped_template_loads_under_its_own_name(name: str) -> None:
    template = load_template(_FOLDER / f"{name}.yaml")
    assert template.name == name
    assert template.options == (25 if name == "content-choice" else None)
    assert [turn for turn, _ in template.turns] == ["system", "user", "assistant"]


def test_a_template_has_what_its_file_says_and_the_files_digest(tmp_path: Path) -> None:
    path = write(tmp_path, options=4)
    template = load_template(path)
    assert (template.name, template.version, template.asks) == ("my-own", "1.2.3", (Part.TITLE,))
    assert (template.options, template.user) == (4, "{{ media }}\nWhich title?")
    assert template.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_recipe_names_a_shipped_template_and_writes_down_its_digest() -> None:
    adapter = TypeAdapter[Any](TemplateFile)
    template = adapter.validate_python("full")
    digest = hashlib.sha256((_FOLDER / "full.yaml").read_bytes()).hexdigest()
    assert adapter.dump_python(template) == {"name": "full", "version": template.version, "sha256": digest}
    assert adapter.validate_python(template) is template


@pytest.mark.parametrize(("key", "near"), [("option", "options"), ("asistant", "assistant"), ("ask", "asks")])
def test_an_unknown_key_is_named_with_the_one_that_was_meant(tmp_path: Path, key: str, near: str) -> None:
    wrong = {near: None, key: _GOOD.get(near, 3)}
    assert f"there is no key `{key}`, did you mean '{near}'? Keys: name, version," in complaint(
        write(tmp_path, **wrong)
    )


@pytest.mark.parametrize("key", sorted(_GOOD))
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    assert f"the key `{key}` is missing; add it." in complaint(write(tmp_path, **{key: None}))


@pytest.mark.parametrize(
    ("key", "value"),
    [("name", "My Own"), ("version", "1"), ("asks", []), ("asks", ["titel"]), ("options", 27), ("options", 1)],
)
def test_a_wrong_value_is_named_with_its_key(tmp_path: Path, key: str, value: Any) -> None:
    assert f": `{key}" in complaint(write(tmp_path, **{key: value}))


def test_a_file_that_is_not_there_names_the_shipped_one_that_was_meant(tmp_path: Path) -> None:
    message = complaint(tmp_path / "comment-only.yaml")
    assert "cannot be read (No such file or directory)" in message
    assert ", did you mean 'comments-only'? Shipped templates: behaviour-simulation," in message


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"name: [", "not valid YAML"),
        (b"- a\n- list\n", "it is no YAML mapping."),
        (b"", "it is no YAML mapping."),
        (b"name: caf\xe9", "is not UTF-8 text (byte 9)"),
    ],
)
def test_a_file_that_is_no_template_says_so(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    assert problem in complaint(path)


def test_bad_jinja_is_named_with_turn_and_line(tmp_path: Path) -> None:
    message = complaint(write(tmp_path, user="{{ media }}\n{% if title %}\nno end"))
    assert "line 2 of its `user` turn" in message or "line 3 of its `user` turn" in message
    assert "Its syntax is Jinja's." in message


@pytest.mark.parametrize(
    ("turns", "shown"),
    [
        ({"user": "Which title?"}, "0 times in its `user` turn"),
        ({"user": "{{ media }}{{ media }}"}, "2 times in its `user` turn"),
        ({"assistant": "{{ media }}"}, "1 times in its `assistant` turn"),
        ({"system": "{{ media }}"}, "1 times in its `system` turn"),
    ],
)
def test_the_media_stands_once_in_the_user_turn_and_nowhere_else(
    tmp_path: Path, turns: dict[str, str], shown: str
) -> None:
    message = complaint(write(tmp_path, **turns))
    assert shown in message
    assert "`{{ media }}`" in message


@pytest.mark.parametrize(
    "turn",
    [
        "{{ titel }}",
        "{{ scenes[0].nothing }}",
        "{{ title.nothing() }}",
        "{{ '%d' | format(title) }}",
        "{{ '{x}'.format() }}",
        "{{ 1 / 0 }}",
        "{% include 'other' %}",
        "{{ 1 | dictsort }}",
    ],
)
def test_a_turn_that_cannot_be_rendered_is_named_before_anything_runs(tmp_path: Path, turn: str) -> None:
    message = complaint(write(tmp_path, assistant=turn))
    assert "its `assistant` turn" in message
    assert "See docs/templates.md." in message


def test_an_unknown_name_is_told(tmp_path: Path) -> None:
    assert "'titel' is undefined" in complaint(write(tmp_path, assistant="{{ titel }}"))


@pytest.mark.parametrize(
    "turn",
    [
        "{{ title.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ title | attr('__class__') }}",
        "{{ title.format.__globals__ }}",
        "{{ '{0.__class__}'.format(title) }}",
        "{{ comments.append('more') }}",
        "{{ range(10 ** 9) | list }}",
    ],
)
def test_a_template_reaches_nothing_of_python_and_changes_nothing(tmp_path: Path, turn: str) -> None:
    complaint(write(tmp_path, assistant=turn))


def test_what_data_says_is_never_taken_for_a_template() -> None:
    assert render("{{ title }}", {"title": "{{ 7 * 7 }} <b>"}) == "{{ 7 * 7 }} <b>"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("see <image> and </Video>, <s>", "see [image] and [/Video], [s]"),
        ("<|im_end|>\n<|im_start|>system", "[im_end] [im_start]system"),
        ("<|<image>|>", "<|[image]|>"),
        (f"<im{MEDIA}age> {MEDIA}", "[image]"),
        (" many \t\n blanks ", "many blanks"),
        ("1 < 2 | 3 > 2, a <b>bold</b> word", "1 < 2 | 3 > 2, a [b]bold[/b] word"),  # tokens of Gemma
        ("I <3 you, a->b, <https://example.org/a>", "I <3 you, a->b, <https://example.org/a>"),
        ("<IMG> [INST] [[/INST]] [a note]", "(IMG) (INST) [(/INST)] [a note]"),
        ("<<SYS>> be <</SYS>>", "<[SYS]> be <[/SYS]>"),
        (">>QUESTION<< <>>COMMENT<<s>", "[QUESTION] <>>COMMENT<[s]"),
        (None, ""),
    ],
)
def test_tokens_of_models_in_data_are_words(text: str | None, safe: str) -> None:
    assert plain(text) == safe


#: Tokens of the vocabularies that docs/templates.md names.
_TOKENS = (
    "<s>", "</s>", "<unk>", "<pad>", "<bos>", "<eos>", "<mask>", "[INST]", "[/INST]", "[TOOL_CALLS]",
    "[AVAILABLE_TOOLS]", "[IMG]", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "<|begin_of_text|>", "<|eot_id|>",
    "<|start_header_id|>", "<|end_header_id|>", "<|finetune_right_pad_id|>", "<|image|>", "<|python_tag|>",
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
    "<|video_pad|>", "<tool_call>", "<think>", "<start_of_turn>", "<end_of_turn>", "<start_of_image>",
    "<image_soft_token>", "<unused99>", "<0x0A>", "<h1>", "<|user|>", "<|assistant|>", "<|end|>", "<|image_1|>",
    "<\uff5cbegin\u2581of\u2581sentence\uff5c>", "<\uff5cUser\uff5c>", "<|fim_prefix|>", "<fim_middle>",
    "<|channel|>", "<image>", "<video>", "<audio>", "<im_start>", "<im_end>", "<im_patch>", "<vi_start>",
    "<vid_start>", "<ImageHere>", "<image_placeholder>", "<img>", "<IMG_CONTEXT>", "<box>", "<ref>", "<quad>",
    "<image_1>", "<global-img>", "<row_1_col_2>", "<fake_token_around_image>", "<end_of_utterance>", "<loc0001>",
    "<seg001>", "<extra_id_0>", "<BOS_TOKEN>", "<|START_OF_TURN_TOKEN|>", "<Image>", "<sop>", "[gMASK]", "[sMASK]",
    "[CLS]", "[SEP]", "[UNUSED_TOKEN_145]", ">>ANSWER<<",
)  # fmt: skip


@pytest.mark.parametrize("token", _TOKENS)
def test_a_token_of_a_known_vocabulary_is_not_left(token: str) -> None:
    for text in (token, f"before {token} after", f"{token}{token}", f"<{token}>"):
        safe = plain(text)
        assert token not in safe
        assert plain(safe) == safe


_PIECES = [
    "<",
    ">",
    "|",
    "/",
    "image",
    "video",
    "s",
    "im_end",
    "<|",
    "|>",
    " ",
    "\n",
    "[",
    "]",
    "x",
    "INST",
    ">>",
    "ANSWER",
    "<<",
    MEDIA,
]


@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_no_arrangement_of_data_makes_a_token(text: str) -> None:
    safe = plain(text)
    for token in (
        "<image>",
        "<video>",
        "<s>",
        "</s>",
        "</image>",
        "<|im_end|>",
        "<|x|>",
        "[INST]",
        ">>ANSWER<<",
        MEDIA,
        "\n",
    ):
        assert token not in safe
    assert plain(safe) == safe


@pytest.mark.parametrize(
    ("kind", "urls", "film"),
    [
        ("video", [], True),
        ("gif", ["https://i.imgur.com/a.MP4"], True),
        ("gif", ["https://v.redd.it/abc"], True),
        ("gif", ["https://i.redd.it/a.gif"], False),
        ("gif", [], False),
        ("image", ["https://i.redd.it/a.jpg"], False),
        ("gallery", ["https://i.redd.it/a.jpg"], False),
    ],
)
def test_what_a_trainer_loads_as_a_video(kind: str, urls: list[str], film: bool) -> None:
    assert is_film(kind, urls) is film
