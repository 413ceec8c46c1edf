"""Which folders, and which files of a listing, belong to the months that are wanted."""

import re
from datetime import datetime

import numpy as np

from eo.filenames import step_in
from eo.model import Span, Step
from eo.sources._remote import Wanted
from eo.steps import steps_in


def folders(template: str, wanted: Wanted) -> list[str]:
    """Give a template filled in for each step of the span, each text once, in order."""
    return list(dict.fromkeys(template.format(time=one) for one in moments(wanted.span, wanted.product.step)))


def moments(span: Span, step: Step) -> list[datetime]:
    """Give the start of each step that starts in a span of months."""
    return [np.datetime64(label, "s").item() for label in steps_in(span, step)]


def picked(name: str, wanted: Wanted) -> bool:
    """Tell whether a file name is one of the product's, and its step (where it says one) starts in the span."""
    if re.fullmatch(wanted.product.filename or r"[^/\s]+", name) is None:
        return False
    step = step_in(name, wanted.product)
    return not step or bool(wanted.span.start <= np.datetime64(step, "M") < wanted.span.end)
