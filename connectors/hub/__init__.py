"""The HuggingFace Hub: datasets published whole, and datasets read."""
