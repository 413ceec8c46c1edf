"""What can go wrong that a person can mend: one line each, never a traceback."""

from collections.abc import Iterable


class EoError(Exception):
    """A message for a person: the rule, the value, and what there is."""

    exit_code = 2


class InputError(EoError):
    """Something that was given (a name, a file, a period) breaks a rule."""


class StoreError(EoError):
    """The root folder cannot take or give what was asked of it."""


class SourceError(EoError):
    """A service does not give what it should: the service, the rule, and what it answered; never a credential."""


class Unavailable(SourceError):  # noqa: N818 - the word that services use
    """A service cannot answer now, and another try is worth it: overload, a reset, a time-out, a short read."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that the service asks to wait."""


class Absent(SourceError):  # noqa: N818 - beside Unavailable
    """A service has no such granule."""


class Denied(SourceError):  # noqa: N818 - beside Unavailable
    """A service does not accept the credentials, so that nothing more is asked of it."""


class GateError(EoError):
    """A result breaks a rule and is not published."""

    exit_code = 1


def unknown(what: str, name: object, known: Iterable[str], where: str = "") -> InputError:
    """Give the error for a name that is not there: ``no region 'japn' in regions.yaml; it has [...]``."""
    place = f" in {where}" if where else ""
    return InputError(f"no {what} {str(name)!r}{place}; it has {sorted(known)}")
