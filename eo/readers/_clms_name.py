"""What the identifier of a Copernicus Global Land file says: layer, consolidation, date, version."""

import re
from dataclasses import dataclass

import numpy as np

from eo.errors import InputError
from eo.steps import end_of, start_of

_PATTERN = re.compile(
    r"(?:urn:cgls:[^:]+:[^:]+:|c_gls_)?(?P<layer>[A-Z0-9]+)(?:-(?P<rt>RT\d))?_(?P<date>\d{8})\d{4}"
    r"_(?P<area>[A-Z]+)_(?P<sensor>[A-Z0-9]+)_[Vv](?P<version>\d+(?:\.\d+)+)"
)
FINAL = "final"
"""The consolidation of a product that is published once, without RT in its name."""


@dataclass(frozen=True)
class Identifier:
    """The identifier of a file, taken apart."""

    layer: str
    consolidation: str
    """RT0 (near real time) to RT6 (all observations in), or `final`."""
    date: np.datetime64
    version: str

    def dekad(self, dated: str) -> np.datetime64:
        """Give the start of the dekad that the date stands for.

        Parameters
        ----------
        dated : start or end: NDVI is dated by the first day of its dekad, LAI and FAPAR by the last

        Raises
        ------
        InputError
            The date is not that day of a dekad.
        """
        start: np.datetime64 = start_of(np.array([self.date]), "dekad")[0]
        last = end_of(np.array([start]), "dekad")[0] - np.timedelta64(1, "D")
        if self.date != (start if dated == "start" else last):
            raise InputError(
                f"a file is dated by the {dated} of its dekad; {self.date.astype('datetime64[D]')} is none"
            )
        return start


def identifier(text: str) -> Identifier:
    """Give the parts of an identifier.

    Raises
    ------
    InputError
        It has another form.
    """
    match = _PATTERN.fullmatch(text.removesuffix(".nc"))
    try:
        if match:
            date = np.datetime64(f"{match['date'][:4]}-{match['date'][4:6]}-{match['date'][6:]}", "ns")
            return Identifier(match["layer"], match["rt"] or FINAL, date, f"V{match['version']}")
    except ValueError:
        pass
    raise InputError(f"an identifier ends in <LAYER>[-RTn]_<YYYYMMDDhhmm>_<AREA>_<SENSOR>_V<version>; it is {text!r}")
