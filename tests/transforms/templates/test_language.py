"""Turns by strangers: each renders to the same text everywhere, or is refused in a sentence, within a bounded cost."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from blift.transforms.templates import budget, load_template, shipped
from blift.transforms.templates import template as module
from blift.transforms.templates.budget import TurnError
from blift.transforms.templates.language import compiled, render

NAMES: dict[str, Any] = {
    "title": "A title & <words>",
    "views": 12,
    "likes": 91.25,
    "upvotes": None,
    "comments": ["the best", "the next", "A third"],
    "scenes": [{"number": 1, "tags": ["a", "b"], "title": "one"}, {"number": 2, "tags": [], "title": "two"}],
}
COSTS_TOO_MUCH = "it takes too long or makes too much text"
LONG = "{% set s = 'ab ' %}" + "{% set s = s ~ s %}" * 20
NESTED = "{% set s = (1, 2) %}{% set t = (1, 2) %}" + "{% set s = (s, s) %}{% set t = (t, t) %}" * 50


def refusal(source: str) -> str:
    with pytest.raises(TurnError) as caught:
        render(source, NAMES)
    said = str(caught.value)
    assert 0 < len(said) < 700
    assert not re.search("0x[0-9a-f]{6}", said)
    return said


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ title }}", "A title & <words>"),
        ("{{ '%.1f' | format(likes) }} %", "91.2 %"),
        ("{{ '%5.2f|%-3d|%s|%%' | format(likes, views, title) }}", "91.25|12 |A title & <words>|%"),
        ("{{ '%(a)s' | format(a=views) }}{{ '%d' % views }}", "1212"),
        ("{{ comments | length }} {{ comments | first }}, {{ comments[-1] }}", "3 the best, A third"),
        ("{{ comments | join(', ') }}", "the best, the next, A third"),
        ("{{ scenes | map(attribute='title') | join('+') }}", "one+two"),
        ("{{ scenes | join('+', attribute='number') }}", "1+2"),
        ("{{ scenes | selectattr('tags') | map(attribute='number') | join }}", "1"),
        ("{{ scenes | rejectattr('number', 'eq', 1) | map(attribute='title') | first }}", "two"),
        (
            "{{ comments | sort | last }} {{ comments | map('upper') | join(' ') }}",
            "the next THE BEST THE NEXT A THIRD",
        ),
        ("{{ comments | select('in', ['the best']) | list | length }}", "1"),
        ("{{ scenes | sum(attribute='number') }} {{ [1, 2.5] | sum }} {{ range(3) | max }}", "3 3.5 2"),
        ("{{ title | replace('title', 'x') | lower | truncate(4, true, '', 0) }}", "a x "),
        ("{{ likes | round(1) }} {{ likes | int }} {{ '7' | int + 1 }} {{ views | string ~ '!' }}", "91.2 91 8 12!"),
        ("{{ title.upper() }} {{ title.split(' ')[1] }} {{ ' a '.strip() }}", "A TITLE & <WORDS> title a"),
        ("{{ title.startswith('A') }} {{ title.endswith('A') }}", "True False"),
        (
            "{% for c in comments %}{{ loop.index }}/{{ loop.length }}{{ '' if loop.last else ',' }}{% endfor %}",
            "1/3,2/3,3/3",
        ),
        ("{% for c in comments %}{{ loop.cycle('a', 'b') }}{% endfor %}", "aba"),
        ("{% for a in range(3) %}{% for b in range(a) %}{{ a * b }}{% endfor %}{% endfor %}", "002"),
        ("{% for c in comments if 'the' in c %}{{ c }};{% else %}none{% endfor %}", "the best;the next;"),
        (
            "{% set a = views + 1 %}{{ a // 2 }} {{ a / 2 }} {{ a % 5 }} {{ -a }} {{ 'a'+'b' }}{{ [1]+[2]==[1,2] }}",
            "6 6.5 3 -13 abTrue",
        ),
        ("{% with a = 1 %}{{ a }}{% endwith %}{{ {'a': 5}.a }}{{ {'a': 5}['a'] }}{{ [1, 2, 3][1:] | join }}", "15523"),
        (
            "{{ upvotes is none }} {{ views is not none }} {{ nothing is defined }} {{ nothing | default('x') }}",
            "True True False x",
        ),
        ("{{ [1, 'a\"é'] | tojson }} {{ 'a\nb' | indent(2) }} {{ title | wordcount }}", '[1, "a\\"é"] a\n  b 3'),
        ("{{ 'x' if views > 10 and not (likes < 1) else 'y' }}", "x"),
        ("{% if likes %}{% elif views %}b{% endif %}{# nothing #}{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        (
            "{{ comments | reverse | join }} {{ [1, 1, 2] | unique | list | length }} {{ [3, 1] | min }}",
            "A thirdthe nextthe best 2 1",
        ),
    ],
)
def test_what_templates_can_do(source: str, text: str) -> None:
    assert render(source, NAMES) == text


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_template_reads_as_in_plain_jinja(name: str) -> None:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    for _, source in load_template(Path(module.__file__).parent / f"{name}.yaml").turns:
        assert render(source, module._EVERYTHING) == environment.from_string(source).render(module._EVERYTHING)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{{ comments | random }}", "there is no filter `random` in templates"),
        ("{{ comments | map('random') | join }}", "No filter named 'random'"),
        ("{{ lipsum() }}", "`lipsum` cannot be called in templates"),
        ("{{ lipsum }}", "'lipsum' is undefined"),
        ("{{ cycler('a') }}", "`cycler` cannot be called"),
        ("{{ joiner() }}", "`joiner` cannot be called"),
        ("{% set n = namespace(a=1) %}", "`namespace` cannot be called"),
        ("{{ dict(a=1) }}", "`dict` cannot be called"),
        ("{{ range }}", "it shows an object"),
        ("{{ self }}", "it shows an object"),
        ("{{ [self] | join }}", "it shows an object"),
        ("{{ 'a' ~ self }}", "it shows an object"),
        ("{{ range | string }}", "it shows an object"),
        ("{{ '%s' | format(range) }}", "it shows an object"),
        ("{{ '%s' % range }}", "it shows an object"),
        ("{{ range | upper }}", "it shows an object"),
        ("{% for c in comments %}{{ loop }}{% endfor %}", "it shows an object"),
        ("{% for c in comments %}{{ loop.cycle }}{% endfor %}", "it shows an object"),
        ("{{ title.upper }}", "has no attribute 'upper'"),
        ("{{ [title.upper] | join }}", "has no attribute 'upper'"),
        ("{{ comments | map('upper') }}", "it shows a list or mapping"),
        ("{{ comments | map('upper') | string }}", "it shows a list or mapping"),
        ("{{ scenes[0] }}", "it shows a list or mapping"),
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ [nothing] | join }}", "'nothing' is undefined"),
        ("{{ comments | pprint }}", "there is no filter `pprint`"),
        ("{{ title is sameas(title) }}", "there is no test `sameas`"),
        ("{{ title | attr('upper') }}", "there is no filter `attr`"),
        ("{% set f = range %}{{ f }}", "it shows an object"),
        ("{{ comments | map(' upper') | join }}", "there is no such filter or test"),
    ],
)
def test_what_would_not_be_the_same_everywhere(source: str, why: str) -> None:
    assert why in refusal(source)


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}",
        "{% for a in range(3000) %}{% for b in range(3000) %}{% if a == b %}{% endif %}{% endfor %}{% endfor %}",
        "{{ range(10000000000) | length }}",
        "{{ range(9000000000000000000) | length }}",
        "{% for a in range(1000000) %}" + "x" * 1000 + "{% endfor %}",
        "{% set s = 'a' %}" + "{% set s = s ~ s %}" * 60 + "{{ s }}",
        "{% set s = 'a' %}" + "{% set s = s + s %}" * 60 + "{{ s }}",
        "{% set s = [1] %}" + "{% set s = s + s %}" * 60 + "{{ s | length }}",
        "{% set s = 'a' %}" + "{% set s = [s, s] | join %}" * 60 + "{{ s }}",
        "{% set s = 'a' %}" + "{% set s = '%s%s' | format(s, s) %}" * 60 + "{{ s }}",
        "{% set s = 'a' %}" + "{% set s = '%s%s' % (s, s) %}" * 60 + "{{ s }}",
        "{% set s = 'a' %}" + "{% set s = s | replace('a', 'aa') %}" * 60 + "{{ s }}",
        NESTED + "{{ s == t }}",
        NESTED + "{{ s in [t] }}",
        NESTED + "{{ s is eq(t) }}",
        NESTED + "{{ {s: 1} | length }}",
        NESTED + "{{ [s, t] | unique | list | length }}",
        NESTED + "{{ [s, t] | sort | length }}",
        NESTED + "{{ [s] | select('eq', t) | list | length }}",
        NESTED + "{{ s | tojson }}",
        LONG + "{{ s | replace('a', s) | length }}",
        LONG + "{{ s | replace('', s) | length }}",
        LONG + "{{ range(1000) | join(s) | length }}",
        LONG + "{{ s | list | length }}",
        LONG + "{% for i in range(1000) %}{{ s | title | length }}{% endfor %}",
        LONG + "{% for i in range(1000) %}{{ s.split() | length }}{% endfor %}",
        LONG + "{% for i in range(100) %}{{ s }}{% endfor %}",
        LONG + "{% for i in range(100000) %}{{ 'b' ~ s[:90] in s }}{% endfor %}",
        LONG + "{% set l = [" + "s, " * 1000 + "] %}{{ l | sort | length }}",
        LONG + "{% set l = [" + "s, " * 1000 + "] %}{{ l | map('upper') | list | length }}",
        LONG + "{% set l = [" + "s[1:], " * 1000 + "] %}",
        "{% set s = 'a\\r' %}" + "{% set s = s ~ s %}" * 21 + "{{ s | indent(40) | length }}",
        "{% set s = 'a.' %}"
        + "{% set s = s ~ s %}" * 18
        + "{{ range(9999) | map(attribute=s, default=1) | list | length }}",
        "{% set s = range(500000) %}" + "".join(f"{{% set a{n} = s[1:] %}}" for n in range(99)),
    ],
    ids=range(34),
)
def test_what_costs_too_much_is_refused_before_it_is_done(source: str) -> None:
    assert COSTS_TOO_MUCH in refusal(source)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{{ 10 ** (10 ** 8) }}", "there is no `**` in templates"),
        ("{{ 'a' * 1000000000 }}", "`*` takes numbers, not a string and a number"),
        ("{{ [1] * 1000000000 }}", "`*` takes numbers, not a list and a number"),
        ("{{ '%999999999d' | format(1) }}", "a width of more than two digits"),
        ("{{ '%999999999d' % 1 }}", "a width of more than two digits"),
        ("{{ '%.999999999f' | format(1) }}", "a width of more than two digits"),
        ("{{ '%*d' | format(999999999, 1) }}", "has a `%` that is none of"),
        ("{{ '%c' | format(55296) }}", "has a `%` that is none of"),
        ("{{ 'a' | center(10000000000) }}", "there is no filter `center`"),
        ("{{ title | indent(10000000) }}", "`indent` takes a width of 40 at most"),
        ("{{ title | wordwrap(1) }}", "there is no filter `wordwrap`"),
        ("{{ 1.5 | round(999999999) }}", "`round` takes a number, and 15 digits at most"),
        ("{{ 1 | round(-999999999) }}", "`round` takes a number, and 15 digits at most"),
        ("{% set a = 99999 %}" + "{% set a = a * a %}" * 9 + "{{ a }}", "a number in it is out of range"),
        ("{{ 9999999999999999999999 }}", "a number in it is out of range"),
        ("{{ 1e308 * 10 }}", "a number in it is out of range"),
        ("{{ 1e999 }}", "a number in it is out of range"),
        ("{{ '1e999' | float }}", "a number in it is out of range"),
        ("{{ " + "9" * 5000 + " }}", "digits"),
        ("{% macro m() %}{% endmacro %}", "there is no `{% macro %}` in templates"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "in templates"),
        ("{% call range(1) %}{% endcall %}", "there is no `{% call %}`"),
        ("{% filter upper %}{% endfilter %}", "there is no `{% filter %}`"),
        ("{% set a %}x{% endset %}", "there is no `{% set %} with {% endset %}`"),
        ("{% include 'a' %}", "there is no `{% include %}`"),
        ("{% import 'a' as a %}", "there is no `{% import %}`"),
        ("{% from 'a' import a %}", "there is no `{% from %}`"),
        ("{% extends 'a' %}", "there is no `{% extends %}`"),
        ("{% block a %}{% endblock %}", "there is no `{% block %}`"),
        ("{% autoescape true %}{% endautoescape %}", "in templates"),
        ("{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}", "in templates"),
        ("{{ title | replace(*['a', 'b']) }}", "there are no `*` and `**` arguments"),
        ("{{ '\\ud800' }}", "half of a surrogate pair"),
        ("\ud800", "half of a surrogate pair"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "brackets are nested more than 20 deep"),
        ("{{ " * 3000, "brackets are nested more than 20 deep"),
        ("{{ " + "not " * 3000 + "1 }}", "nested too deeply"),
        ("{{ " + "1 if 1 else " * 3000 + "1 }}", "nested too deeply"),
        ("{{ " + "+".join(["1"] * 3000) + " }}", "more than 60 deep"),
        ("{{ title" + " | upper" * 3000 + " }}", "more than 60 deep"),
        ("{{ title" + ".a" * 3000 + " }}", "more than 60 deep"),
        ("{% if title %}" * 100 + "{% endif %}" * 100, "more than 60 deep"),
        ("{% for a in [1] %}" * 25 + "{% endfor %}" * 25, "nested too deeply"),
        ("{% if title %}", "Its syntax is Jinja's"),
        ("{{ title | truncate(1) }}", "expected length"),
        ("{{ [1, 'a'] | sort | join }}", "not supported between instances"),
        ("{{ [[1]] | sum(start=[]) }}", "`sum` takes numbers"),
        ("{{ 5 | join }}", "it goes through the items of what is no list"),
        ("{% for a in 5 %}{% endfor %}", "it goes through the items of what is no list"),
        ("{% for a in nothing %}{% endfor %}", "'nothing' is undefined"),
        ("{{ title + 1 }}", "`+` takes numbers, not a string and a number"),
        ("{{ upvotes + 1 }}", "`+` takes numbers, not none and a number"),
        ("{{ nothing + 1 }}", "'nothing' is undefined"),
    ],
)
def test_what_a_turn_may_not_do(source: str, why: str) -> None:
    assert why in refusal(source)


def test_the_line_of_what_is_refused_is_told() -> None:
    with pytest.raises(TurnError) as caught:
        compiled("one\ntwo {{ title | random }}\n")
    assert caught.value.line == 2


_ATOMS = [
    "title",
    "views",
    "likes",
    "upvotes",
    "comments",
    "scenes",
    "scenes[0]",
    "self",
    "range",
    "loop",
    "loop.index",
    "nothing",
    "1",
    "2.5",
    "'a'",
    "[]",
    "[1,'b']",
    "(1,)",
    "{'a':1}",
    "true",
    "none",
    "range(3)",
    "scenes[0].tags",
    "title[1:]",
    "comments[0]",
    "-views",
    "99999999999",
]
_OPERATORS = ["+", "-", "*", "/", "//", "%", "~", "==", "<", "in", "and", "or", "**"]
_FILTERS = sorted({*compiled("").environment.filters, "random", "center", "attr", "pprint", "tojson", "safe"})
_EXPRESSIONS = st.recursive(
    st.sampled_from(_ATOMS),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(_OPERATORS), inner),
        st.builds("({}|{})".format, inner, st.sampled_from(_FILTERS)),
        st.builds("({}|{}({}))".format, inner, st.sampled_from(_FILTERS), inner),
        st.builds("({}|{}('{}'))".format, inner, st.sampled_from(_FILTERS), st.sampled_from(_FILTERS)),
        st.builds("({}|{}(attribute={}))".format, inner, st.sampled_from(_FILTERS), inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("({} is {}({}))".format, inner, st.sampled_from(["eq", "in", "divisibleby", "defined", "lt"]), inner),
    ),
    max_leaves=6,
)
_TURNS = st.recursive(
    st.one_of(st.builds("{{{{ {} }}}}".format, _EXPRESSIONS), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.builds("{{% for a in {} %}}{}{{{{ a }}}}{{% endfor %}}".format, _EXPRESSIONS, inner),
        st.builds("{{% if {} %}}{}{{% endif %}}".format, _EXPRESSIONS, inner),
        st.builds("{{% set title = {} %}}{}".format, _EXPRESSIONS, inner),
        st.builds("{}{}".format, inner, inner),
    ),
    max_leaves=4,
)


@settings(max_examples=500)
@given(_TURNS)
def test_every_turn_is_text_or_a_refusal_and_the_same_again(source: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(budget, "MOST_UNITS", 1_000_000)
        found = []
        for _ in range(2):
            compiled.cache_clear()
            try:
                found.append(render(source, NAMES))
            except TurnError as error:
                found.append(str(error))
    assert found[0] == found[1]
    assert not re.search("0x[0-9a-f]{6}", found[0])
    found[0].encode()
