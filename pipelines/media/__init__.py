"""The media stage: files measured in one decode, near-duplicates found, scenes described."""
