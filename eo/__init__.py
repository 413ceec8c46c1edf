"""Climate-indicator time series from public Earth-observation products."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eo.config import load_run
    from eo.pipeline import build

__version__ = "0.1.0"
__all__ = ["__version__", "build", "load_run"]

_HOMES = {"load_run": "eo.config", "build": "eo.pipeline"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the module protocol (PEP 562) returns any object
    """Give `load_run` and `build` on first use, so that `import eo` stays fast."""
    if name not in _HOMES:
        msg = f"module 'eo' has no attribute {name!r}; it has {__all__}"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
