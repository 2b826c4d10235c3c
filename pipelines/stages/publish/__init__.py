"""Publication on the HuggingFace Hub: files, version, card, upload, comparison with what is there."""
