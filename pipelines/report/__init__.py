"""The report: a page with its data beside it, which shows what a dataset is and how it came about."""
