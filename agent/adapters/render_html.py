"""The report as one HTML page that needs nothing else: no script, no picture, nothing from elsewhere."""

from agent.adapters.templates import template
from agent.core import trend_picture
from agent.core.trend_page import TrendPage
from agent.core.views import Report

BOX = {
    "width": trend_picture.WIDTH,
    "height": trend_picture.HEIGHT,
    "left": trend_picture.LEFT,
    "right": trend_picture.RIGHT,
    "top": trend_picture.TOP,
    "bottom": trend_picture.BOTTOM,
}


def html_report(report: Report, trends: TrendPage | None = None) -> str:
    """The page as text, with pictures when there are `trends`; the template engine escapes every value."""
    page = template("report", n=trend_picture.number)
    return page.render(report=report, page=trends, **BOX)
