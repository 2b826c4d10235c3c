"""Each trainer's own loader, over every row of an export. Run in the environment that `make test-training` makes."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterable, Sized
from copy import deepcopy
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
    from trl import SFTConfig, SFTTrainer

    from tests.training.tiny import tiny_model

    rows = datasets.concatenate_datasets(list(datasets.load_dataset(str(folder)).values()))
    model, processor = tiny_model(_texts(rows["messages"]))
    chosen, most = _few_rows(rows)
    trainer = SFTTrainer(
        model=model, args=SFTConfig(**_one_step(folder, chosen)), train_dataset=chosen, processing_class=processor
    )
    note = f"{_step_of(trainer)}; up to {most} images a row"
    taken = 0
    for row in rows:
        made = trainer.data_collator([row])
        taken += len(made["pixel_values"]) == len(row["images"])
    return Taken(len(rows), taken, _trl_by("SFTTrainer"), note)


def trl_preferences(folder: Path) -> Taken:
    """One optimizer step of TRL's `DPOTrainer` on pairs with images, and its collator over every row."""
    import datasets
    from trl import DPOConfig, DPOTrainer

    from tests.training.tiny import IMAGE_TOKENS, tiny_model

    rows = datasets.concatenate_datasets(list(datasets.load_dataset(str(folder)).values()))
    model, processor = tiny_model(_texts([*rows["prompt"], *rows["chosen"], *rows["rejected"]]))
    chosen, most = _few_rows(rows)
    trainer = DPOTrainer(
        model=model, ref_model=deepcopy(model), args=DPOConfig(**_one_step(folder, chosen)), train_dataset=chosen,
        processing_class=processor,
    )  # fmt: skip
    note = f"{_step_of(trainer)}; up to {most} images a row"
    image = processor.tokenizer.convert_tokens_to_ids("<image>")
    taken = 0
    for row in rows:
        made = trainer.data_collator([row])
        answers = made["completion_mask"].bool()
        shown = [len(row["images"]) * IMAGE_TOKENS] * 2  # the preferred answer and the other one, on the same images
        taken += (
            len(made["pixel_values"]) == 2 * len(row["images"])
            and (made["input_ids"] == image).sum(dim=1).tolist() == shown
            and bool(answers.any(dim=1).all())
            and not (made["input_ids"][0][answers[0]].equal(made["input_ids"][1][answers[1]]))
        )
    return Taken(len(rows), taken, _trl_by("DPOTrainer"), note)


def shp(folder: Path) -> Taken:
    """One optimizer step of TRL's `DPOTrainer` on text, of the columns of SHP; it tokenizes every row."""
    import datasets
    from trl import DPOConfig, DPOTrainer

    from tests.training.tiny import tiny_language_model

    rows = datasets.concatenate_datasets(list(datasets.load_dataset("json", data_dir=str(folder)).values()))
    pairs = rows.map(_preferred_of_shp, remove_columns=rows.column_names)
    model, tokenizer = tiny_language_model(text for row in pairs for text in row.values())
    trainer = DPOTrainer(
        model=model, ref_model=deepcopy(model), args=DPOConfig(**_one_step(folder, [0, 1])), train_dataset=pairs,
        processing_class=tokenizer,
    )  # fmt: skip
    note = f"{_step_of(trainer)}; text alone"
    taken = sum(bool(row["prompt_ids"] and row["chosen_ids"] and row["rejected_ids"]) for row in trainer.train_dataset)
    return Taken(len(rows), taken, _trl_by("DPOTrainer"), note)


def _preferred_of_shp(row: dict[str, Any]) -> dict[str, str]:
    """What SHP's card says of `labels`: 1 if people prefer A to B, 0 if B to A."""
    answers = (row["human_ref_A"], row["human_ref_B"])
    chosen, rejected = answers if row["labels"] == 1 else answers[::-1]
    return {"prompt": f"{row['history']}\n", "chosen": chosen, "rejected": rejected}


def _texts(conversations: Iterable[list[dict[str, Any]]]) -> Iterable[str]:
    return (part["text"] for each in conversations for said in each for part in said["content"] if part["text"])


def _few_rows(rows: Any) -> tuple[Any, int]:
    """The first two rows, and the one with most images; how many these are."""
    images = [len(each) for each in rows["images"]]
    most = max(images)
    return rows.select(sorted({0, 1, images.index(most)})), most


def _one_step(folder: Path, rows: Sized) -> dict[str, Any]:
    """The arguments of a trainer that takes one step on so many rows."""
    return {
        "output_dir": str(folder.parent / "trained"), "max_steps": 1, "per_device_train_batch_size": len(rows),
        "use_cpu": True, "report_to": [], "max_length": None, "learning_rate": 1e-3, "save_strategy": "no",
        "bf16": False, "gradient_checkpointing": False, "disable_tqdm": True,
    }  # fmt: skip


def _step_of(trainer: Any) -> str:
    """Take the step: all gradients are finite, those of most tensors are not zero, and most tensors move."""
    import torch
    import transformers

    grads: dict[str, Any] = {}
    before = {name: weight.detach().clone() for name, weight in trainer.model.named_parameters()}

    class _Watch(transformers.TrainerCallback):
        def on_pre_optimizer_step(self, *_: Any, model: Any, **__: Any) -> None:
            grads.update((name, each.grad.clone()) for name, each in model.named_parameters() if each.grad is not None)

    trainer.add_callback(_Watch())
    trainer.train()
    assert all(bool(torch.isfinite(grad).all()) for grad in grads.values())
    moved = sum(not torch.equal(before[name], weight) for name, weight in trainer.model.named_parameters())
    assert sum(bool(grad.any()) for grad in grads.values()) > len(before) // 2
    assert moved > len(before) // 2
    return f"one step: {moved} of {len(before)} tensors moved, gradients finite"


def _trl_by(trainer: str) -> str:
    return f"trl {version('trl')}, {trainer}; torch {version('torch')}"


LOADERS: dict[str, Callable[[Path], Taken]] = {
    "llava": llava,
    "llava-next": documented,
    "llama-vid": documented,
    "llama-factory": llama_factory,
    "ms-swift": ms_swift,
    "trl": trl,
    "trl-preferences": trl_preferences,
    "shp": shp,
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
