"""Charts as inline SVG, made on the server: pure, from frozen values to markup, words and a table.

scale    round ticks, and numbers with their units
lines    several lines over time with axes, limits and gaps
"""

from statuspage.web.charts.lines import Chart, Limit, Line, Point, line_chart

__all__ = ["Chart", "Limit", "Line", "Point", "line_chart"]
