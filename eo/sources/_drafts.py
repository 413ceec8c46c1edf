"""The beginning of a file that an earlier attempt left: gone on with only where it is of the very same file."""

import json
from pathlib import Path

from eo.sources._remote import Remote


def begun(draft: Path, remote: Remote) -> int:
    """Give how many bytes the draft holds of this file; a draft of any other file, or issue of it, is emptied."""
    note, said = note_of(draft), json.dumps([remote.url, remote.size, remote.etag, remote.modified, remote.version])
    if draft.exists() and note.exists() and note.read_text(encoding="utf-8") == said:
        size = draft.stat().st_size
        if remote.size is None or size <= remote.size:
            return size
    draft.write_bytes(b"")
    note.write_text(said, encoding="utf-8")
    return 0


def note_of(draft: Path) -> Path:
    """Give the path of the note beside a draft that says what it is of."""
    return draft.with_name(draft.name + ".begun")


def ended(draft: Path) -> None:
    """Drop the note: the draft is whole."""
    note_of(draft).unlink(missing_ok=True)
