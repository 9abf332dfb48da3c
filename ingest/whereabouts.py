"""Whether what is imported lies where the city is: swapped columns, a wrong datum, another city's file show at once."""

from typing import Final

import numpy as np
import numpy.typing as npt

from config.city import City

Floats = npt.NDArray[np.float64]
MOST: Final = 0.5
SAMPLE: Final = 20_000  # places looked up in the regions; the box is asked of all


class Whereabouts:
    """Counts places by whether they lie in the country box and in a region of the city."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._has_map = city.geometry(city.root) is not None
        self.places = self.outside = self.swapped = self.looked_up = self.nowhere = 0

    def add(self, lons: Floats, lats: Floats) -> None:
        """Degrees, arrays of one length."""
        inside = self._in_box(lons, lats)
        self.places += len(lons)
        self.outside += int(np.count_nonzero(~inside))
        self.swapped += int(np.count_nonzero(~inside & self._in_box(lats, lons)))
        if self._has_map and self.looked_up < SAMPLE:
            step = max(1, len(lons) // SAMPLE)
            found = self._city.locate(lons[::step], lats[::step])
            self.looked_up += len(found)
            self.nowhere += sum(not region for region in found)

    def _in_box(self, lons: Floats, lats: Floats) -> npt.NDArray[np.bool_]:
        west, south, east, north = self._city.country_box
        return np.asarray((lons >= west) & (lons <= east) & (lats >= south) & (lats <= north))

    def warnings(self) -> list[str]:
        """What is wrong with most of the places, and the setting that would change it."""
        if self.outside > MOST * self.places:
            told = f"{self.outside:,} of {self.places:,} places lie outside the country box {list(self._city.country_box)}"
            if self.swapped > MOST * self.outside:
                return [f"{told}, but inside it with longitude and latitude exchanged: --lon and --lat name the columns"]
            return [f"{told}: country_box in city.yaml says where the country lies; --city names another city"]
        if self.nowhere > MOST * self.looked_up:
            told = f"{self.nowhere:,} of {self.looked_up:,} places lie in no region of {self._city.name}"
            return [f"{told}: regions.geojson has the city's outlines; --city names another city"]
        return []
