"""How long answers took: any number of them, in a few kilobytes."""

import math
from typing import Final


class Latencies:
    """How long acknowledgements took, in classes of 2 %."""

    _LOWEST_S: Final = 1e-4
    _STEP: Final = math.log(1.02)

    def __init__(self) -> None:
        self._classes = [0] * 800
        self.count, self.longest_s = 0, 0.0

    def add(self, seconds: float, number: int = 1) -> None:
        place = int(math.log(max(seconds, self._LOWEST_S) / self._LOWEST_S) / self._STEP)
        self._classes[min(place, len(self._classes) - 1)] += number
        self.count += number
        self.longest_s = max(self.longest_s, seconds)

    def share_s(self, share: float) -> float:
        """The time within which that share was acknowledged, within 2 % above; 0 without any."""
        wanted, past = share * self.count, 0
        for place, number in enumerate(self._classes):
            past += number
            if number and past >= wanted:
                return min(self._LOWEST_S * math.exp((place + 1) * self._STEP), self.longest_s)
        return 0.0

    def told(self) -> dict[str, float]:
        """count, and ms: p50, p95, p99, max."""
        found = {f"p{round(share * 100)}_ms": self.share_s(share) for share in (0.5, 0.95, 0.99)} | {"max_ms": self.longest_s}
        return {"count": self.count, **{name: round(seconds * 1000, 1) for name, seconds in found.items()}}
