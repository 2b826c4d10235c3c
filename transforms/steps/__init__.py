"""Steps of a pipeline: composite transforms on collections of tables, each with one job. `blift.beam` exports them."""
