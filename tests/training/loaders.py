"""Each trainer's own loader, over every row of an export. Run in the environment that `make test-training` makes."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from PIL import Image


class Taken(NamedTuple):
    """Rows offered and taken, what took them, and what else was shown."""

    offered: int
    taken: int
    by: str
    note: str = ""


def _rows(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in sorted([*folder.glob("[tv]*.json"), *folder.glob("*.jsonl")]):
        text = path.read_text()
        rows += json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
    return rows


def _opens(path: Path) -> bool:
    """A picture by Pillow, a video by FFmpeg."""
    if path.suffix != ".mp4":
        with Image.open(path) as picture:
            picture.load()
        return True
    import av

    with av.open(str(path)) as container:
        return next(container.decode(video=0)) is not None


def llava(folder: Path) -> Taken:
    """LLaVA's `LazySupervisedDataset`, with its preprocessing for Vicuna."""
    import transformers.trainer

    for gone in ("ALL_LAYERNORM_LAYERS", "ShardedDDPOption"):  # its trainer, which is not used, asks for these names
        if not hasattr(transformers.trainer, gone):
            setattr(transformers.trainer, gone, [])
    from llava import conversation
    from llava.train import train

    from tests.training.tiny import tiny_image_processor, tiny_tokenizer

    rows = _rows(folder)
    tokenizer = tiny_tokenizer(turn["value"] for row in rows for turn in row["conversations"])
    tokenizer.model_max_length = 4096
    conversation.default_conversation = conversation.conv_templates["v1"]
    arguments = SimpleNamespace(
        image_folder=str(folder), image_processor=tiny_image_processor(), image_aspect_ratio="pad", is_multimodal=True,
        mm_use_im_start_end=False,
    )  # fmt: skip
    taken = 0
    for path in sorted(folder.glob("[tv]*.json")):
        dataset = train.LazySupervisedDataset(str(path), tokenizer, arguments)
        taken += sum(dataset[place]["image"].shape == (3, 32, 32) for place in range(len(dataset)))
    return Taken(len(rows), taken, f"llava-torch {version('llava-torch')}, LazySupervisedDataset")


def documented(folder: Path) -> Taken:
    """Trainers that no registry has: the look-ups of their loader, as their source has them."""
    rows = _rows(folder)
    taken = 0
    for row in rows:
        named = row.get("image", row.get("video"))
        files = named if isinstance(named, list) else [named]
        human, gpt = row["conversations"]
        assert (human["from"], gpt["from"]) == ("human", "gpt")
        assert human["value"].count("<image>") == len(files)
        taken += all(_opens(folder / file) for file in files)
    return Taken(len(rows), taken, "documented format (in no registry)")


def llama_factory(folder: Path) -> Taken:
    """LLaMA-Factory's dataset_info.json parser and sharegpt converter."""
    import datasets
    from llamafactory.data.converter import get_dataset_converter
    from llamafactory.data.parser import get_dataset_list

    offered = taken = 0
    names = list(json.loads((folder / "dataset_info.json").read_text()))
    for attributes in get_dataset_list(names, str(folder)):
        rows = datasets.load_dataset("json", data_files=str(folder / attributes.dataset_name), split="train")
        convert = get_dataset_converter(attributes.formatting, attributes, SimpleNamespace(media_dir=str(folder)))
        for row in rows:
            offered += 1
            found = convert(row)
            files = [Path(file) for file in (found["_images"] or []) + (found["_videos"] or [])]
            said = found["_prompt"][0]["content"]
            assert said.count("<image>") + said.count("<video>") == len(files)
            taken += bool(found["_system"] and found["_response"] and files and all(map(_opens, files)))
    return Taken(offered, taken, f"llamafactory {version('llamafactory')}, sharegpt converter")


def ms_swift(folder: Path) -> Taken:
    """ms-swift's `load_dataset`."""
    from swift.dataset import load_dataset

    os.chdir(folder)
    taken = 0
    for path in sorted(folder.glob("*.jsonl")):
        rows, _ = load_dataset([str(path)], use_hf=True, strict=True)
        for row in rows:
            named = [*(row.get("images") or []), *(row.get("videos") or [])]
            files = [Path(file["path"] if isinstance(file, dict) else file) for file in named]
            taken += bool(files and row["messages"] and all(map(_opens, files)))
    return Taken(len(_rows(folder)), taken, f"ms-swift {version('ms-swift')}, load_dataset")


def axolotl(folder: Path) -> Taken:
    """Axolotl hands messages to the processor's chat template, which opens media by `path`."""
    import transformers

    from tests.training.tiny import tiny_model

    os.chdir(folder)
    rows = _rows(folder)
    _, processor = tiny_model(json.dumps(row) for row in rows)
    taken = videos = 0
    for row in rows:
        parts = [part for message in row["messages"] for part in message["content"]]
        if any(part["type"] == "video" for part in parts):
            videos += all(_opens(folder / part["path"]) for part in parts if part["type"] == "video")
            taken += 1
            continue
        made = processor.apply_chat_template(row["messages"], tokenize=True, return_dict=True, return_tensors="pt")
        taken += len(made["pixel_values"]) == sum(part["type"] == "image" for part in parts)
    by = f"transformers {transformers.__version__}, apply_chat_template (axolotl needs CUDA)"
    return Taken(len(rows), taken, by, f"{videos} videos opened by FFmpeg")


def webdataset(folder: Path) -> Taken:
    """WebDataset's own reader, and the one of `datasets`, streamed."""
    import datasets
    import webdataset as wds

    paths = sorted(str(path) for path in folder.glob("*.tar"))
    rows = [row for path in paths for row in wds.WebDataset(path, shardshuffle=False).decode("pil")]
    taken = sum(any(not key.startswith("__") and key != "json" for key in row) and "json" in row for row in rows)
    streamed = 0
    for path in paths:
        rows_of_tar = datasets.load_dataset("webdataset", data_files=path, split="train", streaming=True)
        streamed += sum(1 for _ in rows_of_tar.decode(enable=False))
    assert streamed == taken
    return Taken(len(rows), taken, f"webdataset {version('webdataset')}; datasets {version('datasets')}, streamed")


def trl(folder: Path) -> Taken:
    """One optimizer step of TRL's `SFTTrainer`, and its collator over every row."""
    import datasets
    import torch
    from trl import SFTConfig, SFTTrainer

    from tests.training.tiny import tiny_model

    rows = datasets.concatenate_datasets(list(datasets.load_dataset(str(folder)).values()))
    texts = (part["text"] for row in rows["messages"] for message in row for part in message["content"] if part["text"])
    torch.manual_seed(0)
    model, processor = tiny_model(texts)
    several = max(range(len(rows)), key=lambda place: len(rows[place]["images"]))
    chosen = rows.select(sorted({0, 1, several}))
    config = SFTConfig(
        output_dir=str(folder.parent / "trained"), max_steps=1, per_device_train_batch_size=len(chosen), use_cpu=True,
        report_to=[], max_length=None, learning_rate=1e-3, save_strategy="no", bf16=False, gradient_checkpointing=False,
        disable_tqdm=True,
    )  # fmt: skip
    norms: list[float] = []

    class _Watched(SFTTrainer):
        def training_step(self, *args: Any, **named: Any) -> Any:
            loss = super().training_step(*args, **named)
            grads = [weight.grad for weight in self.model.parameters() if weight.grad is not None]
            assert all(bool(torch.isfinite(grad).all()) for grad in grads)
            norms.extend(float(grad.norm()) for grad in grads)
            return loss

    before = {name: weight.clone() for name, weight in model.named_parameters()}
    trainer = _Watched(model=model, args=config, train_dataset=chosen, processing_class=processor)
    trainer.train()
    moved = sum(not torch.equal(before[name], weight) for name, weight in trainer.model.named_parameters())
    assert moved > len(before) // 2
    assert sum(norm > 0 for norm in norms) > len(before) // 2
    taken = 0
    for row in rows:
        made = trainer.data_collator([row])
        taken += len(made["pixel_values"]) == len(row["images"])
    most = len(rows[several]["images"])
    note = f"one step: {moved} of {len(before)} tensors moved, gradients finite; up to {most} images a row"
    return Taken(len(rows), taken, f"trl {version('trl')}, SFTTrainer; torch {torch.__version__}", note)


LOADERS: dict[str, Callable[[Path], Taken]] = {
    "llava": llava,
    "llava-next": documented,
    "llama-vid": documented,
    "llama-factory": llama_factory,
    "ms-swift": ms_swift,
    "trl": trl,
    "axolotl": axolotl,
    "webdataset": webdataset,
}
#: Packages that are installed in folders of their own, without what they depend on.
APART = {"llava": "llava", "llama-factory": "llamafactory", "ms-swift": "swift"}


def _cut_network() -> None:
    """Refuse every connection but those between processes of this machine."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            raise OSError(f"the network is cut, and something asked for {address}")
        connect(self, address)

    socket.socket.connect = refuse  # type: ignore[method-assign,assignment]


def main() -> int:
    """`python -m tests.training.loaders TRAINER FOLDER`: a line of JSON on what was taken."""
    name, folder = sys.argv[1:]
    _cut_network()
    if name in APART:
        sys.path.insert(0, str(Path(sys.prefix) / "loaders" / APART[name]))
    found = LOADERS[name](Path(folder).resolve())
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
