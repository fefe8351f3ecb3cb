"""Plots as SVG, by hand: bars and curves are all that the bench needs."""

import math
from xml.sax.saxutils import escape

STYLE = 'font-family="sans-serif" font-size="13" fill="#222"'
BLUE, GREY, ORANGE = "#2a6f97", "#9aa5b1", "#d1495b"


def write(path, width, height, parts):
    with open(path, "w") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                   f'viewBox="0 0 {width} {height}" {STYLE}>\n<rect width="100%" height="100%" fill="#fff"/>\n')
        file.write("\n".join(parts) + "\n</svg>\n")


def text(x, y, words, anchor="start", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {extra}>{escape(words)}</text>'


def line(x1, y1, x2, y2, colour="#ccc", extra=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" {extra}/>'


def figure(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.3g}"


def bars(path, title, rows, unit, log=False):
    """Horizontal bars, one for each (name, value); the first is ours."""
    left, right, top, step = 300, 110, 48, 34
    width, height = 820, top + step * len(rows) + 16
    most = max(value for _, value in rows) or 1
    least = min(value for _, value in rows if value > 0) / 3 if log else 0

    def length(value):
        if log:
            share = math.log(max(value, least) / least) / math.log(most / least)
        else:
            share = value / most
        return max(share * (width - left - right), 1)

    parts = [text(16, 26, title, extra='font-weight="bold"')]
    for i, (name, value) in enumerate(rows):
        y = top + i * step
        colour = BLUE if i == 0 or not log else GREY
        parts.append(text(left - 10, y + 17, name, "end", 'font-size="12"'))
        parts.append(f'<rect x="{left}" y="{y}" width="{length(value):.1f}" height="{step - 10}" fill="{colour}"/>')
        parts.append(text(left + length(value) + 8, y + 17, f"{figure(value)} {unit}"))
    write(path, width, height, parts)


def ticks(most):
    """A few round steps from 0 to at least `most`."""
    power = 10 ** math.floor(math.log10(most or 1))
    step = next(power * part for part in (0.1, 0.2, 0.25, 0.5, 1, 2, 5) if most / (power * part) <= 6)
    return [step * i for i in range(math.ceil(most / step) + 1)]


def curve(path, title, points, across, up, ideal=False):
    """A curve through (x, y), from 0; `ideal` adds the line y = x."""
    width, height, left, right, top, bottom = 520, 320, 64, 24, 48, 52
    xs, ys = ticks(max(x for x, _ in points)), ticks(max(max(y for _, y in points), max(x for x, _ in points) if ideal else 0))
    at_x = lambda x: left + x / xs[-1] * (width - left - right)
    at_y = lambda y: height - bottom - y / ys[-1] * (height - top - bottom)
    parts = [text(16, 26, title, extra='font-weight="bold"')]
    for x in xs:
        parts.append(text(at_x(x), height - bottom + 18, f"{x:g}", "middle"))
    for y in ys:
        parts += [line(left, at_y(y), width - right, at_y(y)), text(left - 8, at_y(y) + 4, f"{y:g}", "end")]
    parts += [text((left + width - right) / 2, height - 12, across, "middle"), text(16, 42, up, extra='font-size="11"')]
    if ideal:
        parts.append(line(at_x(0), at_y(0), at_x(xs[-1]), at_y(min(xs[-1], ys[-1])), ORANGE, 'stroke-dasharray="4 4"'))
    shown = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in points)
    parts.append(f'<polyline points="{shown}" fill="none" stroke="{BLUE}" stroke-width="2"/>')
    if len(points) < 20:
        parts += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="4" fill="{BLUE}"/>' for x, y in points]
    write(path, width, height, parts)
