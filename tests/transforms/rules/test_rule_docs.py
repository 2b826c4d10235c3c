"""What rules say of themselves is the same read out of their source and by importing them."""

from blift.transforms.rule_docs import rule_docs
from blift.transforms.rules.registry import all_rules


def test_docstrings_read_out_of_the_source_are_those_of_the_rules() -> None:
    assert list(rule_docs().items()) == list({rule.name: rule.doc for rule in all_rules()}.items())
