"""What a person fills in to start a flow from the page: each with title, description, and the form that it must have.

The server refuses what has another form when the run is asked for. It knows no calendar: that a day exists is asked
when the run begins.
"""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from eo.errors import InputError


def _shown(title: str, description: str, **form: Any) -> Any:  # noqa: ANN401 - what pydantic takes and gives
    """Give a field of the form; Prefect replaces title and description of a field itself by those of a docstring."""
    return Field(json_schema_extra={"title": title, "description": description}, **form)


RunName = Annotated[
    str, _shown("Run", "A file in configs/runs, without its ending.", pattern=r"^[\w-]+$", max_length=100)
]
Root = Annotated[str, _shown("Root", "The folder where everything is kept, or s3://bucket/folder.", min_length=1)]
Configs = Annotated[str, _shown("Configs", "The configs folder; empty for the usual one.")]
Offline = Annotated[bool, _shown("Offline", "Ask no service: use what was fetched before.")]
Day = Annotated[
    str,
    _shown(
        "Day",
        "YYYY-MM-DD, for a run by hand of another day than that of its slot; empty for that of its slot.",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
    ),
]
Period = Annotated[
    str,
    _shown(
        "Period",
        "YYYY-MM/YYYY-MM; empty for the period of the run, to today where it goes on.",
        pattern=r"^(\d{4}(-\d{2})?(/\d{4}(-\d{2})?)?)?$",
    ),
]
Months = Annotated[int, _shown("Months of a slice", "So many months are fetched at a time.", ge=1, le=1200)]
Dask = Annotated[
    str,
    _shown(
        "Dask",
        "Where parts are made: local for all cores of the machine of the run, tcp://host:port for the workers of a "
        "dask scheduler; empty for what EO_DASK says, or else the process of the run.",
        pattern=r"^(local|\w+://\S+)?$",
    ),
]


def checked_day(said: str) -> str:
    """Give a day that was filled in, if the calendar has it.

    Raises
    ------
    InputError
        It has not.
    """
    try:
        return str(np.datetime64(said, "D"))
    except ValueError:
        raise InputError(f"a day is one of the calendar, YYYY-MM-DD, and {said!r} is not") from None
