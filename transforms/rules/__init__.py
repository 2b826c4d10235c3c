"""The rules that keep or reject posts, comments and samples: one entry each.

A rule is a function with ``@rule``: its name is the recipe's key, its parameter the option, its docstring the
paragraph in docs/recipe.md, its reason what a reject says. Adding one is adding the function and a test; the
recipe's model, the funnel and the documentation follow. Rules run in the order in which they are written.
"""

from blift.transforms.rules.registry import Check, RecordKind, Rule, Verdict, apply_rules, rule, rules_for

__all__ = ["Check", "RecordKind", "Rule", "Verdict", "apply_rules", "rule", "rules_for"]
