"""The price as a staircase: each accepted quote a step, each outage a grey band (SVG)."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.report.amounts import instant, yuan

WIDTH, HEIGHT = 900, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 150, 14, 16, 34
_FONT = 'font-family="Noto Sans CJK SC" font-size="15"'


@dataclass(frozen=True, slots=True)
class Step:
    """An accepted quote. at: ms."""

    at: int
    amount_fen: int


def draw(steps: Sequence[Step], dark: Sequence[tuple[int, int]], until: int) -> str:
    """From the first quote to `until` (ms); `dark`: stretches in which bidding stood still.

    steps: at least one.
    """
    first, last = steps[0].at, max(until, steps[-1].at, steps[0].at + 1)
    low, high = steps[0].amount_fen, max(steps[-1].amount_fen, steps[0].amount_fen + 1)

    def x(at: int) -> float:
        share = (min(max(at, first), last) - first) / (last - first)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 2)

    def y(amount: int) -> float:
        share = (amount - low) / (high - low)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 2)

    path = f"M{x(first)} {y(low)}"
    for step in steps[1:]:
        path += f"H{x(step.at)}V{y(step.amount_fen)}"
    path += f"H{x(last)}"
    floor = HEIGHT - _BOTTOM
    bands = "".join(
        f'<rect x="{x(begin)}" y="{_TOP}" width="{max(x(end) - x(begin), 1)}" '
        f'height="{floor - _TOP}" fill="#d9dde3"/>'
        for begin, end in dark
    )
    levels = [low] if steps[-1].amount_fen == low else [low, steps[-1].amount_fen]
    prices = "".join(
        f'<text x="{_LEFT - 10}" y="{y(level) + 5}" text-anchor="end" {_FONT}>{yuan(level)}</text>'
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(level)}" y2="{y(level)}" '
        f'stroke="#c3c9d2" stroke-dasharray="3 4"/>'
        for level in levels
    )
    times = (
        f'<text x="{_LEFT}" y="{HEIGHT - 8}" {_FONT}>{instant(first)[:19]}</text>'
        f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 8}" text-anchor="end" {_FONT}>'
        f"{instant(last)[:19]}</text>"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"{bands}{prices}"
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{floor}" y2="{floor}" stroke="#5b6675"/>'
        f'<path d="{path}" fill="none" stroke="#0b5cad" stroke-width="2.5"/>{times}</svg>'
    )
