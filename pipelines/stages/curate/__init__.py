"""Stage curate: rules are applied, duplicates are merged, comments are chosen."""
