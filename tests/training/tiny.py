"""Models of two small layers with random weights, and the words and pictures that they can read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

_SIDE, _PATCH = 32, 8
#: Tokens that stand for an image.
IMAGE_TOKENS = (_SIDE // _PATCH) ** 2
_SIZE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
_SPECIAL = ["<pad>", "<unk>", "<s>", "</s>", "<image>"]
_CHAT = (
    "{% for message in messages %}{{ message['role'] }}: {% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %} {% endfor %}</s>{% endfor %}"
)


def tiny_tokenizer(texts: Iterable[str]) -> Any:
    """A tokenizer of whole words, trained on some texts."""
    words = Tokenizer(models.WordLevel(unk_token="<unk>"))  # noqa: S106 - a token of text
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.train_from_iterator(texts, trainers.WordLevelTrainer(special_tokens=_SPECIAL, vocab_size=2000))
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", unk_token="<unk>", bos_token="<s>", eos_token="</s>",  # noqa: S106
        extra_special_tokens={"image_token": "<image>"},
    )  # fmt: skip


def tiny_image_processor() -> Any:
    """Pictures of 32 x 32 pixels."""
    return CLIPImageProcessor(size={"shortest_edge": _SIDE}, crop_size={"height": _SIDE, "width": _SIDE})


def tiny_model(texts: Iterable[str]) -> tuple[Any, Any]:
    """A LLaVA and its processor, with the same weights every time."""
    tokenizer = tiny_tokenizer(texts)
    processor = LlavaProcessor(
        image_processor=tiny_image_processor(), tokenizer=tokenizer, patch_size=_PATCH, chat_template=_CHAT,
        vision_feature_select_strategy="default", num_additional_image_tokens=1,
    )  # fmt: skip
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(image_size=_SIDE, patch_size=_PATCH, projection_dim=32, **_SIZE),
        text_config=_llama(tokenizer),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )
    torch.manual_seed(0)
    return LlavaForConditionalGeneration(config), processor


def tiny_language_model(texts: Iterable[str]) -> tuple[Any, Any]:
    """A Llama and its tokenizer, with the same weights every time."""
    tokenizer = tiny_tokenizer(texts)
    torch.manual_seed(0)
    return LlamaForCausalLM(_llama(tokenizer)), tokenizer


def _llama(tokenizer: Any) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=8192, pad_token_id=tokenizer.pad_token_id, **_SIZE
    )
