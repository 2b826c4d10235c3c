"""Stage media: each file is decoded once, near-duplicates are found, scenes are described."""
