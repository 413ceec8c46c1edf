"""Published time stamps to exact times, whatever the spelling of their units."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from eo.errors import InputError

Times = npt.NDArray[Any]

_MILLISECONDS = {"second": 1_000, "sec": 1_000, "s": 1_000, "minute": 60_000, "min": 60_000, "hour": 3_600_000}
_MILLISECONDS |= {"hr": 3_600_000, "h": 3_600_000, "day": 86_400_000, "d": 86_400_000}
_SINCE = re.compile(
    r"(?P<unit>[a-z]+?)s?\s+since\s+(?P<year>\d{1,4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[t ]+(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.0*)?)?)?"
    r"\s*(?:utc|gmt|z|[+-]?0{1,2}:?0{0,2})?"
)
_REAL = {"standard", "gregorian", "proleptic_gregorian"}
_SWITCH = np.datetime64("1582-10-15")
_YEARS = np.datetime64("1678-01-01"), np.datetime64("2262-01-01")


def times(values: Times, attributes: Mapping[str, Any], name: str = "time") -> Times:
    """Give times from numbers and ``<unit> since <date>``.

    A trailing ``UTC``, ``Z`` or ``0:00`` is read as what it says; the calendar is told in any case.

    Parameters
    ----------
    values : any shape, numbers
    attributes : `units`, and `calendar` where it is not the standard one

    Returns
    -------
    times : same shape, datetime64[ns], to the millisecond

    Raises
    ------
    InputError
        Units of another form, a calendar that is not the real one, a time that is missing or out of range.

    References
    ----------
    CF-1.11 section 4.4.
    """
    calendar = str(attributes.get("calendar", "standard")).lower()
    if calendar not in _REAL:
        raise InputError(f"{name} is in a calendar of {sorted(_REAL)}; it is in {calendar!r}")
    step, epoch = _since(str(attributes.get("units", "")), name)
    if epoch < _SWITCH and calendar != "proleptic_gregorian":
        raise InputError(f"{name} counts from {_SWITCH} or later in a {calendar} calendar; it counts from {epoch}")
    if values.dtype.kind not in "iuf":
        raise InputError(f"{name} is numeric; it is {values.dtype}")
    with np.errstate(over="ignore"):  # what overflows is infinite, and in no year
        moments = values.astype(np.float64) * step
    low, high = ((one - epoch).astype("timedelta64[ms]").astype(np.float64) for one in _YEARS)
    if not moments.size or not np.all((moments >= low) & (moments < high)):
        raise InputError(f"{name} lies in the years 1678 to 2261; it is {values.tolist()} {attributes.get('units')}")
    found: Times = (epoch + np.round(moments).astype(np.int64).astype("timedelta64[ms]")).astype("datetime64[ns]")
    return found


def _since(units: str, name: str) -> tuple[int, np.datetime64]:
    """Give the milliseconds in the unit and the epoch."""
    match = _SINCE.fullmatch(units.strip().lower())
    if match is None or match["unit"] not in _MILLISECONDS:
        raise InputError(f"{name} has units '<seconds, minutes, hours or days> since <date>'; it has {units!r}")
    clock = [int(match[one] or 0) for one in ("hour", "minute", "second")]
    try:
        day = np.datetime64(f"{int(match['year']):04}-{int(match['month']):02}-{int(match['day']):02}", "ms")
        text = "{:02}:{:02}:{:02}".format(*clock)
        epoch = np.datetime64(f"{day.astype('datetime64[D]')}T{text}", "ms")
    except ValueError:
        raise InputError(f"{name} counts from a date; its units are {units!r}") from None
    return _MILLISECONDS[match["unit"]], epoch


def moment(text: str, what: str) -> np.datetime64:
    """Give the time of an attribute: ``2015-01-31T12:00:00Z``, ``19781101T000000Z`` or a plain date.

    Raises
    ------
    InputError
        Not of such a form.
    """
    digits = re.sub(r"[^0-9]", "", text.split(".", maxsplit=1)[0])
    if re.fullmatch(r"\d{8}(\d{6})?", digits) and re.fullmatch(r"[0-9T:Z. +-]+", text.strip()):
        date, clock = digits[:8], digits[8:] or "000000"
        try:
            return np.datetime64(
                f"{date[:4]}-{date[4:6]}-{date[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}", "ns"
            )  # fmt: skip
        except ValueError:
            pass
    raise InputError(f"{what} is a time such as 2015-01-31T12:00:00Z; it is {text!r}")
