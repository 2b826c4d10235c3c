"""The stages, one package each: what a stage needs (stage) and the pipeline that it runs (pipeline)."""
