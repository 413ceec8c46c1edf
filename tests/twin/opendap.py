"""An OPeNDAP server (DAP 2) over NetCDF files, for `twin.https.serve`."""

from dataclasses import dataclass, field
from pathlib import Path

from twin.dap2 import answer

ROOT = "/dodsC/"


@dataclass
class Dap:
    """What the server answers below /dodsC/."""

    folder: Path
    asked: list[str] = field(default_factory=list)
    """The constraints of the requests for numbers."""

    def __call__(self, _method: str, path: str, query: str, _body: bytes) -> tuple[int, bytes] | None:
        """Answer a request, or leave it to the files."""
        if not path.startswith(ROOT):
            return None
        name, _, what = path.removeprefix(ROOT).rpartition(".")
        file = self.folder / name
        if not file.is_file():
            return 404, b'Error {\n    code = 404;\n    message = "no such data set";\n};\n'
        if what == "dods":
            self.asked.append(query)
        try:
            return 200, answer(file, what, query)
        except (KeyError, AttributeError, IndexError):
            return 400, b'Error {\n    code = 400;\n    message = "bad constraint";\n};\n'
