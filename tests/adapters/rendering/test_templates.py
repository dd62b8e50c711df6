"""The HTML templates: they escape every value, and fail on one that is not there."""

import pytest
from jinja2 import UndefinedError

from agent.adapters.rendering.templates import template


def test_every_value_is_escaped() -> None:
    page = template("trend_cells").environment.from_string("{{ name }}").render(name="<b>&'\"")
    assert page == "&lt;b&gt;&amp;&#39;&#34;"


def test_a_value_that_is_not_there_is_an_error_and_no_gap() -> None:
    with pytest.raises(UndefinedError):
        template("trend_cells").environment.from_string("{{ name }}").render()


def test_a_filter_belongs_to_the_one_template_that_it_was_given_to() -> None:
    assert template("trend_cells", mine=str).environment.filters["mine"] is str
    assert "mine" not in template("trend_cells").environment.filters
