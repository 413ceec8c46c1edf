"""Flags by their meanings, as a file states them: `flag_masks` or `flag_values` with `flag_meanings` (CF-1.11, 3.5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eo.errors import InputError


@dataclass(frozen=True)
class Flags:
    """The flags of one variable."""

    name: str
    codes: Mapping[str, int]
    """Meaning -> bit or value, without a sign: 128 in a signed byte is stored as -128."""
    bits: bool
    """Whether the codes combine."""
    fill: int | None
    """Stored where there are no flags, without a sign."""

    def present(self, raw: npt.NDArray[Any], meanings: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Give where any of the meanings (those of them that the file knows) holds."""
        plain = unsigned(raw)
        codes = [self.codes[one] for one in meanings if one in self.codes]
        if not self.bits:
            return np.isin(plain, codes)
        found: npt.NDArray[np.bool_] = (plain & np.asarray(sum(set(codes)), plain.dtype)) != 0
        return found if self.fill is None else found & (plain != self.fill)

    def check(self, raw: npt.NDArray[Any], where: str = "") -> None:
        """Refuse flags with a code that the file does not explain.

        Raises
        ------
        InputError
            There is one.
        """
        plain = unsigned(raw)
        stated = plain if self.fill is None else plain[plain != self.fill]
        if self.bits:
            strange = stated[(stated & ~np.asarray(sum(set(self.codes.values())), plain.dtype)) != 0]
        else:
            strange = stated[~np.isin(stated, [0, *self.codes.values()])]
        if strange.size:
            raise InputError(f"{where}{self.name!r} has the codes {sorted(self.codes.values())}; it has {strange[0]}")


def unsigned(raw: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give integers of any sign as the bits that they are."""
    return np.ascontiguousarray(raw).view(raw.dtype.str.replace("i", "u")) if raw.dtype.kind == "i" else raw


def table(name: str, attributes: Mapping[str, Any], dtype: np.dtype[Any], meanings: str = "flag_meanings") -> Flags:
    """Give the flags that the attributes of a variable state.

    Parameters
    ----------
    name, dtype : of the variable
    meanings : name of the attribute with the meanings, where it is not that of CF

    Raises
    ------
    InputError
        The variable is no integer, or there are no codes, no meanings, or not as many of each.
    """
    if dtype.kind not in "iu":
        raise InputError(f"flags are integers, and {name!r} is {dtype}")
    bits = "flag_masks" in attributes
    said, words = attributes.get("flag_masks" if bits else "flag_values"), attributes.get(meanings)
    if said is None or words is None:
        raise InputError(f"flags have flag_masks or flag_values and {meanings}; {name!r} has {sorted(attributes)}")
    means = words.split() if isinstance(words, str) else [str(one) for one in np.atleast_1d(words)]
    codes = _codes(name, said, dtype)
    if len(codes) != len(means):
        raise InputError(f"{name!r} has as many flags as meanings; it has {len(codes)} and {len(means)}")
    fill = attributes.get("_FillValue")
    return Flags(
        name, dict(zip(means, codes, strict=True)), bits, None if fill is None else _codes(name, fill, dtype)[0]
    )


def _codes(name: str, said: Any, dtype: np.dtype[Any]) -> list[int]:  # noqa: ANN401 - an attribute is of any type
    found = np.atleast_1d(said)
    if found.dtype.kind not in "iu":
        raise InputError(f"flags are integers; {name!r} says {said!r}")
    limit = 1 << 8 * dtype.itemsize
    return [int(one) % limit for one in found]
