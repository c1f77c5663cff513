"""The figures beside the picture: rate, time of each stage, frames dropped, memory, heat."""

import time
from typing import Any

from ...support.machine import temperatures_c
from ..monitoring.board import memory_bytes, throttled
from ..monitoring.metrics import Metrics, Totals

EVERY_S = 1.0
BOARD_EVERY_S = 5.0


class Figures:
    """Works figures out from the counts, at most once a second, and only when asked."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._before: tuple[float, Totals] | None = None
        self._board_s = -BOARD_EVERY_S
        self._board: dict[str, Any] = {}
        self._figures: dict[str, Any] = {}

    def now(self) -> dict[str, Any]:
        """Return the figures of the last second or, where nobody asked, of the time since."""
        now_s = time.monotonic()
        if self._before is None or now_s - self._before[0] >= EVERY_S:
            totals = self._metrics.totals()
            if self._before is not None:
                self._figures = self._between(*self._before, now_s, totals)
            self._before = now_s, totals
        return self._figures

    def _between(self, then_s: float, then: Totals, now_s: float, now: Totals) -> dict[str, Any]:
        if now_s - self._board_s >= BOARD_EVERY_S:
            self._board_s = now_s
            hottest = max(temperatures_c(), default=None)
            self._board = {"temperature_c": hottest, "throttled": throttled()}
        stages = {}
        for name, (count, sum_s) in now.stages.items():
            count_then, sum_then_s = then.stages.get(name, (0, 0.0))
            if count > count_then:
                stages[name] = round(1000 * (sum_s - sum_then_s) / (count - count_then), 1)
        return {
            "fps": round((now.frames - then.frames) / (now_s - then_s), 1),
            "ms": stages,
            "dropped": now.dropped,
            "memory_mb": (memory_bytes() or 0) // 1_000_000 or None,
            **self._board,
        }
