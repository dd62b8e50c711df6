"""The report as one HTML page that needs nothing else: no script, no picture, nothing from elsewhere."""

from agent.adapters.rendering.templates import template
from agent.core.report.views import Report
from agent.core.trends import picture
from agent.core.trends.page import TrendPage

BOX = {
    "width": picture.WIDTH,
    "height": picture.HEIGHT,
    "left": picture.LEFT,
    "right": picture.RIGHT,
    "top": picture.TOP,
    "bottom": picture.BOTTOM,
}


def html_report(report: Report, trends: TrendPage | None = None) -> str:
    """The page as text, with pictures when there are `trends`; the template engine escapes every value."""
    page = template("report", n=picture.number)
    return page.render(report=report, page=trends, **BOX)
