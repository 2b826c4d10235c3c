"""The annotate stage: annotations of files that a recipe names, joined to the samples that they are of."""
