"""A Whisper model of one layer with random weights: it says nonsense, through the real library."""

from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
from ctranslate2.specs import whisper_spec
from faster_whisper.tokenizer import _LANGUAGE_CODES

_WIDTH, _MELS, _VOCABULARY = 16, 80, 51_865
_RANDOM = np.random.default_rng(0)


def save_tiny_whisper(folder: Path) -> None:
    """A folder as the converter for CTranslate2 makes it, with the layout of the multilingual vocabulary."""
    languages = [f"<|{code}|>" for code in _LANGUAGE_CODES[:99]]
    tasks = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
    special = ["<|endoftext|>", "<|startoftranscript|>", *languages, *[f"<|{task}|>" for task in tasks]]
    times = [f"<|{place * 0.02:.2f}|>" for place in range(1_501)]
    words = [f"w{place}" for place in range(_VOCABULARY - len(special) - len(times))]
    ids = {token: place for place, token in enumerate([*words, *special, *times])}

    spec = whisper_spec.WhisperSpec(1, 2, 1, 2)
    _fill_encoder(spec.encoder)
    _fill_decoder(spec.decoder)
    spec.register_vocabulary(list(ids))
    spec.config.suppress_ids = spec.config.suppress_ids_begin = []
    spec.config.lang_ids = [ids["<|en|>"], ids["<|de|>"]]
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.optimize(quantization=None)
    folder.mkdir()
    spec.save(str(folder))
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(ids, unk_token="w0"))  # noqa: S106 - a word, not a password
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(folder / "tokenizer.json"))


def _random(*shape: int) -> np.ndarray:
    return (_RANDOM.standard_normal(shape) * 0.1).astype(np.float32)


def _linear(layer: Any, outputs: int, inputs: int) -> None:
    layer.weight, layer.bias = _random(outputs, inputs), _random(outputs)


def _norm(layer: Any) -> None:
    layer.gamma, layer.beta = np.ones(_WIDTH, np.float32), np.zeros(_WIDTH, np.float32)


def _attention(layer: Any, *outputs: int) -> None:
    _norm(layer.layer_norm)
    for linear, width in zip(layer.linear, outputs, strict=True):
        _linear(linear, width * _WIDTH, _WIDTH)


def _feed_forward(layer: Any) -> None:
    _norm(layer.layer_norm)
    _linear(layer.linear_0, 4 * _WIDTH, _WIDTH)
    _linear(layer.linear_1, _WIDTH, 4 * _WIDTH)


def _fill_encoder(encoder: Any) -> None:
    encoder.conv1.weight, encoder.conv1.bias = _random(_WIDTH, _MELS, 3), _random(_WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = _random(_WIDTH, _WIDTH, 3), _random(_WIDTH)
    encoder.position_encodings.encodings = _random(1_500, _WIDTH)
    _norm(encoder.layer_norm)
    for layer in encoder.layer:
        _attention(layer.self_attention, 3, 1)
        _feed_forward(layer.ffn)


def _fill_decoder(decoder: Any) -> None:
    decoder.embeddings.weight = decoder.projection.weight = _random(_VOCABULARY, _WIDTH)
    decoder.position_encodings.encodings = _random(448, _WIDTH)
    _norm(decoder.layer_norm)
    for layer in decoder.layer:
        _attention(layer.self_attention, 3, 1)
        _attention(layer.attention, 1, 2, 1)
        _feed_forward(layer.ffn)
