"""A bar of the files that come, with bytes and rate, on a terminal; nothing elsewhere."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from eo.transfer import Unwatched, Watch

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class _Bar:
    """Takes what a fetch does from its threads to the bar."""

    def __init__(self, progress: "Progress", task: "TaskID") -> None:
        self.progress, self.task, self.size, self.lock = progress, task, 0, threading.Lock()

    def begin(self, files: int) -> None:
        """Add files to those that are to come."""
        before = self.progress.tasks[0].total or 0
        self.progress.update(self.task, total=before + files)

    def tally(self, size: int) -> None:
        """Show bytes and rate."""
        from rich.filesize import decimal

        with self.lock:
            self.size += size
            seconds = max(self.progress.tasks[0].elapsed or 0, 1e-3)
            said = f"{decimal(self.size)}, {decimal(int(self.size / seconds))}/s"
        self.progress.update(self.task, said=said)

    def end(self, name: str, error: str) -> None:
        """Count the file; say what failed above the bar."""
        if error:
            self.progress.console.print(f"failed: {name}: {error}", markup=False, highlight=False)
        self.progress.update(self.task, advance=1)


@contextmanager
def watched(what: str) -> Iterator[Watch]:
    """Give what shows a fetch."""
    if not sys.stderr.isatty():
        yield Unwatched()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress, progress.add_task(what, total=0, said=""))
