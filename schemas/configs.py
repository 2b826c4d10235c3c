"""The configurations of a dataset: what `load_dataset` knows them by, where their files lie, which table they are."""

from __future__ import annotations

#: Configurations of the dataset: name, folder, table. The first is the default one.
CONFIGS = (
    ("samples", "samples", "sample"),
    ("instructions", "instructions/llava", "instruction"),
    ("chat", "instructions/chat", "chat"),
    ("instructions_without_media", "instructions/llava-without-media", "instruction"),
    ("chat_without_media", "instructions/chat-without-media", "chat"),
    ("annotations", "annotations", "annotation"),
    ("preferences", "instructions/preferences", "preference"),
    ("preferences_without_media", "instructions/preferences-without-media", "preference"),
    ("media", "media", "media"),
    ("posts", "posts", "post"),
    ("comments", "comments", "comment"),
    ("origins", "origins", "origin"),
    ("rejects", "rejects", "reject"),
)
#: Folder of a run with the lists of files of media, which are no table.
LISTS = "files"
