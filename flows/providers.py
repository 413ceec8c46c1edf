"""The services that runs ask, each with a limit of its own on the server: so many fetches from one at the same time."""

from eo.config import Run
from eo.origin import LocalSource, PackageSource, Source, host_of, is_remote

AT_ONCE = 1
"""Fetches of one provider at the same time, over all runs; each opens as many connections as its limits say."""


def provider(source: Source) -> str:
    """Give the name of the limit of a service: that of its host, or of its kind where the client knows the host."""
    assert not isinstance(source, LocalSource | PackageSource)  # noqa: S101 - `providers` leaves them out
    url = str(getattr(source, "url", ""))
    host = (host_of(url) if "://" in url else "") or str(getattr(source, "host", "")) or source.kind
    return f"provider {host}"


def providers(run: Run) -> list[str]:
    """Give the names of the limits that hold for the services of a run; none where its files are here."""
    return sorted({provider(one.product.source) for one in run.inputs if is_remote(one.product.source)})
