"""The charts of a page, as Vega-Lite by `altair`. Colours are the page's own variables, so that a chart is light, dark
or printed as the page around it is; nothing is told from another by colour alone."""

from collections.abc import Callable, Sequence
from typing import Any

from warmstart.messages import _
from warmstart.reporting.html import bundle
from warmstart.reporting.html.elements import Markup, element

BLUE, ORANGE, SOFT, INK, LINE, HEAT = (f"var(--{name})" for name in ("blue", "orange", "soft", "ink", "line", "heat"))
# What the page has, named: letters are measured before they are drawn, and "inherit" has no widths.
FONT = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', 'PingFang SC', 'Hiragino Sans GB', "
    "'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', 'WenQuanYi Zen Hei', sans-serif"
)
HEIGHT, ROW = 240, 26  # pixels: of a chart, and of a line in one that has names on its side
NAME = 130  # pixels of a name at most


class Charts:
    """Collects charts: each `add` gives the place for one, or nothing where the extra is not installed."""

    def __init__(self) -> None:
        self.specs: list[dict[str, Any]] = []
        self._can = bundle.installed()

    def add(self, title: str, make: Callable[..., Any], *arguments: Any, **options: Any) -> Markup:
        """The place of the chart that `make` gives; `title` says what it shows to who cannot see it."""
        if not self._can:
            return Markup("")
        from altair.utils import schemapi

        with schemapi.debug_mode(False):  # to check them takes most of the time, and a test does
            spec = make(*arguments, **options).configure(**_config()).to_dict(validate=False)
        spec.pop("$schema", None)  # an address, which nobody shall ask for anything
        spec.setdefault("width", "container")
        self.specs.append(spec)
        return element("div", id=f"chart-{len(self.specs) - 1}", class_="chart", role="img", aria_label=title)


def _config() -> dict[str, Any]:
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": INK,
            "titleColor": SOFT,
            "gridColor": LINE,
            "domainColor": LINE,
            "tickColor": LINE,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelLimit": NAME,
        },
        "axisY": {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0, "titleY": -12},
        "legend": {"labelColor": INK, "titleColor": SOFT, "labelFontSize": 12, "orient": "top", "title": None},
    }


def intervals(rows: Sequence[tuple[str, float, float, float]], title: str, *, above: bool = False) -> Any:
    """A value with its interval for each name, one below the other; `above`: with its name above it, and the first one
    stands out."""
    import altair as alt

    data = [
        {"name": name, "value": value, "low": low, "high": high, "own": not above or place == 0}
        for place, (name, value, low, high) in enumerate(rows)
    ]
    colour = alt.condition("datum.own", alt.value(BLUE), alt.value(SOFT))
    x = {"scale": alt.Scale(zero=False, nice=True, padding=8), "axis": alt.Axis(tickCount=5)}
    # A name above its line has room for all of it, also on a phone; many names stand beside theirs.
    axis = alt.Axis(labels=not above, domain=False, ticks=False)
    names = alt.Y("name:N", sort=[name for name, *_unused in rows], title=None, axis=axis)
    tip = [alt.Tooltip("name:N", title=" ")] + [
        alt.Tooltip(f"{field}:Q", title=said, format=".3f")
        for field, said in (("value", title), ("low", _("from")), ("high", _("to")))
    ]
    base = alt.Chart(alt.InlineData(values=data)).encode(y=names, tooltip=tip)
    line = base.mark_rule(strokeWidth=3, opacity=0.6).encode(
        x=alt.X("low:Q", title=title, **x), x2="high:Q", color=colour
    )
    point = base.mark_point(filled=True, size=90, opacity=1).encode(x=alt.X("value:Q", **x), color=colour)
    said = base.mark_text(align="left", dy=-16, fontSize=12, color=INK).encode(text="name:N", x=alt.value(0))
    layers = line + point + said if above else line + point
    return layers.properties(height=max((2 if above else 1) * ROW * len(rows), 2 * ROW))


def lines(series: Sequence[tuple[str, Sequence[tuple[float, float]]]], x: str, y: str) -> Any:
    """Curves, told apart by colour, dashes and shape of their points."""
    import altair as alt

    data = [{"name": name, "x": at, "y": value} for name, points in series for at, value in points]
    names = [name for name, _points in series]
    styles = [(BLUE, [1, 0], "circle"), (ORANGE, [6, 3], "square"), (INK, [2, 2], "triangle-up")]
    colours, dashes, shapes = zip(*(styles[place % 3] for place in range(len(names))), strict=True)
    of = {"legend": alt.Legend()}  # also of one: the title need not name it
    base = alt.Chart(alt.InlineData(values=data)).encode(
        x=alt.X("x:Q", title=x, scale=alt.Scale(nice=False, zero=False), axis=alt.Axis(tickCount=6)),
        y=alt.Y("y:Q", title=None, scale=alt.Scale(zero=False)),
        color=alt.Color("name:N", scale=alt.Scale(domain=names, range=list(colours)), **of),
        tooltip=[
            alt.Tooltip("name:N", title=" "),
            alt.Tooltip("x:Q", title=x),
            alt.Tooltip("y:Q", title=y, format=".4f"),
        ],
    )
    line = base.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash("name:N", scale=alt.Scale(domain=names, range=list(dashes)), **of)
    )
    few = [row for row in data if sum(other["name"] == row["name"] for other in data) <= 30]
    points = base.mark_point(filled=True, size=50).encode(
        shape=alt.Shape("name:N", scale=alt.Scale(domain=names, range=list(shapes)), **of)
    )
    points.data = alt.InlineData(values=few)
    return (line + points if few else line).properties(height=HEIGHT)


def matrix(names: Sequence[str], counts: Sequence[Sequence[int]]) -> Any:
    """Rows of each class by what was said: the shade is the share of the class's rows, the number the rows."""
    import altair as alt

    data = [
        {"given": names[i], "said": names[j], "rows": count, "share": count / max(sum(row), 1)}
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
    ]
    size = 44 if len(names) <= 8 else 34 if len(names) <= 15 else 28
    base = alt.Chart(alt.InlineData(values=data)).encode(
        x=alt.X(
            "said:N",
            sort=list(names),
            title=_("said by the model"),
            axis=alt.Axis(orient="top", labelAngle=-40, labelAlign="left", domain=False, ticks=False),
        ),
        y=alt.Y("given:N", sort=list(names), title=None, axis=alt.Axis(domain=False, ticks=False)),
        tooltip=[
            alt.Tooltip("given:N", title=_("given")),
            alt.Tooltip("said:N", title=_("said by the model")),
            alt.Tooltip("rows:Q", title=_("rows")),
            alt.Tooltip("share:Q", title=_("share of the class"), format=".1%"),
        ],
    )
    cells = base.mark_rect(stroke=LINE, fill=HEAT).encode(
        fillOpacity=alt.FillOpacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None)
    )
    numbers = base.mark_text(fontSize=12).encode(text=alt.Text("rows:Q", format=","), color=alt.value(INK))
    return (cells + numbers).properties(width=size * len(names), height=size * len(names))


def bins(rows: Sequence[tuple[str, float, float, float]], x: str, y: str, *, per_cent: bool) -> Any:
    """A value with its interval for each bin, side by side."""
    import altair as alt

    form = ".0%" if per_cent else ".2f"
    data = [{"bin": name, "value": value, "low": low, "high": high} for name, value, low, high in rows]
    base = alt.Chart(alt.InlineData(values=data)).encode(
        x=alt.X("bin:N", sort=[name for name, *_unused in rows], title=x, axis=alt.Axis(labelAngle=0)),
        tooltip=[alt.Tooltip("bin:N", title=x)]
        + [
            alt.Tooltip(f"{field}:Q", title=said, format=".3f")
            for field, said in (("value", y), ("low", _("from")), ("high", _("to")))
        ],
    )
    line = base.mark_rule(strokeWidth=3, opacity=0.6, color=BLUE).encode(
        y=alt.Y("low:Q", title=y, axis=alt.Axis(format=form)), y2="high:Q"
    )
    point = base.mark_point(filled=True, size=90, opacity=1, color=BLUE).encode(y="value:Q")
    return (line + point).properties(height=HEIGHT)


def bars(rows: Sequence[tuple[str, float]], x: str) -> Any:
    """A bar for each name."""
    import altair as alt

    data = [{"name": name, "value": value} for name, value in rows]
    base = alt.Chart(alt.InlineData(values=data)).encode(
        y=alt.Y("name:N", sort=[name for name, _value in rows], title=None, axis=alt.Axis(domain=False, ticks=False)),
        x=alt.X("value:Q", title=x, axis=alt.Axis(tickCount=5)),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("value:Q", title=x, format=",")],
    )
    return base.mark_bar(color=BLUE, cornerRadiusEnd=3).properties(height=max(ROW * len(rows), 2 * ROW))


def against(points: Sequence[tuple[float, float]], x: str, y: str, line: tuple[float, float, float, float]) -> Any:
    """Points, and the straight line from (x, y) to (x, y) on which they would lie if all were right."""
    import altair as alt

    data = [{"x": one, "y": other} for one, other in points]
    ideal = [{"x": line[0], "y": line[1]}, {"x": line[2], "y": line[3]}]
    dots = (
        alt.Chart(alt.InlineData(values=data))
        .mark_circle(color=BLUE, size=28, opacity=0.45)
        .encode(
            x=alt.X("x:Q", title=x, scale=alt.Scale(zero=False)),
            y=alt.Y("y:Q", title=y, scale=alt.Scale(zero=False)),
            tooltip=[alt.Tooltip("x:Q", title=x, format=".3f"), alt.Tooltip("y:Q", title=y, format=".3f")],
        )
    )
    right = (
        alt.Chart(alt.InlineData(values=ideal))
        .mark_line(color=INK, strokeDash=[4, 4], strokeWidth=1)
        .encode(x="x:Q", y="y:Q")
    )
    return (right + dots).properties(height=HEIGHT + 60)


def reliability(series: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> Any:
    """How often answers of a confidence are right, beside the diagonal on which they should be."""
    import altair as alt

    ideal = (
        alt.Chart(alt.InlineData(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}]))
        .mark_line(color=INK, strokeDash=[4, 4], strokeWidth=1)
        .encode(x="x:Q", y="y:Q")
    )
    return (ideal + lines(series, _("confidence"), _("share that is right"))).properties(height=HEIGHT + 60)
