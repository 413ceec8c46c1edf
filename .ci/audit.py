"""``make audit``: are vulnerabilities known of what requirements.lock names? Says so where there was no network to ask.

Ends with 1 where one is known, so that a nightly job can fail on it. The gate only prints it: what is known changes
from day to day, and the gate must say the same of the same commit each day.
"""  # noqa: INP001 - a script beside the gate, no package

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SECONDS = 180
_LOCK = Path(__file__).parents[1] / "requirements.lock"


def verdict(report: dict[str, Any]) -> tuple[str, int]:
    """Give what is said of a report of pip-audit (its JSON), and the exit code.

    A package that the service does not know was not checked: a report without any other is no good news.
    """
    packages = report.get("dependencies", [])
    checked = [one for one in packages if "skip_reason" not in one]
    found = [(one, each) for one in checked for each in one.get("vulns", [])]
    lines = [
        f"audit: {one['name']} {one['version']}: {each['id']}"
        f" (mended in {', '.join(each.get('fix_versions', [])) or 'no version yet'})"
        for one, each in found
    ]
    count = f"{len(checked)} of {len(packages)} packages were checked"
    if not checked:
        return f"audit: nothing was checked: the service knows none of the {len(packages)} packages", 0
    return "\n".join([*lines, f"audit: {count}, {len(found)} vulnerabilities are known"]), int(bool(found))


def main() -> int:
    """Ask, print what is known, and give the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        options = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--timeout", "10"]
        command = [sys.executable, "-m", "pip_audit", "-r", _LOCK, *options, "-f", "json", "-o", report]
        why = "no answer in time"
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603 - ourselves
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1][:200]
        except subprocess.TimeoutExpired:
            pass
        said = report.read_text(encoding="utf-8") if report.exists() else ""
    text, code = verdict(json.loads(said)) if said else (f"audit: nothing was checked: {why}", 0)
    sys.stdout.write(f"{text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
