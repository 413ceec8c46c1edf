"""Files for containers, which cannot be run here: what they promise of security, and what Prefect takes of them."""

import re
import runpy
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import synthetic
import yaml
from test_serve import start

from flows import environment

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


def instructions() -> list[tuple[str, str]]:
    """Give the instructions of the Dockerfile, those that go on in a line of their own joined."""
    text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in lines)]


def loaded(name: str) -> Any:  # noqa: ANN401 - YAML
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def test_the_container_runs_as_a_user_that_is_not_root() -> None:
    last = [rest for word, rest in instructions() if word == "USER"][-1]
    assert last.isdecimal()
    assert int(last) > 0
    after = instructions()[[word for word, _ in instructions()].index("USER") :]
    assert {word for word, _ in after} == {"USER", "WORKDIR", "VOLUME", "EXPOSE", "CMD"}


def test_the_image_is_made_of_the_locked_packages_and_names_no_registry() -> None:
    runs = " ".join(rest for word, rest in instructions() if word == "RUN")
    assert "--require-hashes" in runs
    for word, rest in instructions():
        if word == "FROM":
            assert "/" not in rest
    for one in DEPLOY.iterdir():
        assert not re.search(r"https?://(?!127\.0\.0\.1)", one.read_text(encoding="utf-8")), one


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    copied = {
        word
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for word in rest.split()[:-1]
    }  # fmt: skip
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == kept
    assert all((ROOT / one).exists() for one in copied)


def test_the_composed_service_is_read_only_but_for_its_root_and_listens_on_loopback() -> None:
    service = loaded("docker-compose.yaml")["services"]["eo"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(one.startswith("127.0.0.1:") for one in service["ports"])
    assert (service["volumes"], service["tmpfs"]) == (["data:/data"], ["/tmp"])  # noqa: S108 - of the container
    assert "ports" not in loaded("docker-compose.yaml")["services"]["database"]


def test_no_file_holds_a_password() -> None:
    for one in loaded("docker-compose.yaml")["services"].values():
        for name, value in one["environment"].items():
            if any(word in name for word in ("PASSWORD", "WEBHOOK", "MAIL")):
                assert value.startswith("${EO_")


def test_the_job_of_kubernetes_is_not_root_read_only_and_takes_no_privilege() -> None:
    pod = loaded("kubernetes.yaml")["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}


def test_prefect_takes_the_job_of_kubernetes_as_the_base_of_a_work_pool() -> None:
    """The check of its own client: each word in braces is one of the variables."""
    from prefect.client.schemas.actions import WorkPoolCreate

    content = loaded("kubernetes.yaml")
    made = WorkPoolCreate(name="eo", type="kubernetes", base_job_template=content)
    assert made.base_job_template == content
    used = set(re.findall(r"\{\{ (\w+) \}\}", str(content["job_configuration"])))
    assert used == set(content["variables"]["properties"])


@pytest.mark.usefixtures("own_environment")
def test_telemetry_is_off_and_all_that_prefect_writes_is_below_the_root() -> None:
    said = dict(re.findall(r"(\w+)=(\S+)", next(rest for word, rest in instructions()[::-1] if word == "ENV")))
    off = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
           "DO_NOT_TRACK": "1"}  # fmt: skip
    assert off.items() <= said.items()
    assert {said["PREFECT_HOME"], said["HOME"]} == {"/data/prefect", "/data"}
    served = environment.served("/data", "127.0.0.1", 4200)
    assert served["PREFECT_UI_STATIC_DIRECTORY"] == said["PREFECT_UI_STATIC_DIRECTORY"] == "/data/prefect/ui"


READ_ONLY = """
set -e
mount --make-rprivate /
for one in "$EO_TEST_ROOT" "$TMPDIR"; do mount --bind "$one" "$one"; done
for one in $(awk '$4 ~ /^rw/ && $3 ~ /^(ext4|xfs|btrfs|overlay|tmpfs)$/ {print $2}' /proc/mounts); do
  case "$one" in "$EO_TEST_ROOT"|"$TMPDIR"|/dev|/dev/*) ;; *) mount -o remount,ro,bind "$one" ;; esac
done
if touch "$1/written" 2>/dev/null; then echo "the file system can be written to"; exit 1; fi
shift
exec "$@"
"""
"""Makes all file systems read-only for a command but for two folders, as a container engine does."""


@pytest.mark.served
@pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode != 0,  # noqa: S607
    reason="file systems cannot be made read-only for one process here",
)
def test_server_page_worker_and_runs_need_no_file_system_but_the_root_and_tmp(tmp_path: Path) -> None:
    synthetic.write_each(tmp_path / "in", synthetic.months("2001-01", 24))
    configs = synthetic.configs(tmp_path / "configs", tmp_path / "in" / "*.nc", run={"period": "2001-01/.."})
    root, scratch = tmp_path / "root", tmp_path / "tmp"
    for one in (root, scratch):
        one.mkdir()
    place = {"EO_TEST_ROOT": str(root), "TMPDIR": str(scratch), "MPLCONFIGDIR": str(scratch / "matplotlib")}
    within = ("unshare", "--mount", "sh", "-c", READ_ONLY, "sh", str(tmp_path))
    served = start(root, configs, within, HOME=str(root), PYTHONDONTWRITEBYTECODE="1", **place)
    try:
        run = served.start_run("refresh/synthetic")
        assert served.wait(run, "Completed", "Degraded", "Failed", "Crashed") == "Completed"
        with urllib.request.urlopen(f"http://127.0.0.1:{served.port}/", timeout=60) as page:
            assert "<title>Prefect" in page.read().decode()
    finally:
        served.process.send_signal(signal.SIGINT)
        served.process.communicate(timeout=60)
    assert (root / "results/synthetic.nc").is_file()
    assert "Read-only" not in "".join(path.read_text() for path in (root / "prefect").glob("*.log"))


# What is said of vulnerabilities

VERDICT = runpy.run_path(str(ROOT / ".ci/audit.py"))["verdict"]
KNOWN = {"id": "PYSEC-1", "fix_versions": ["2.1"]}


@pytest.mark.parametrize(
    ("packages", "last", "code"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], "1 of 1 packages were checked, 0 vulnerabilities are known", 0),
        ([{"name": "a", "skip_reason": "none"}], "nothing was checked: the service knows none of the 1 packages", 0),
        ([], "nothing was checked: the service knows none of the 0 packages", 0),
        ([{"name": "a", "version": "2.0", "vulns": [KNOWN]}, {"name": "b", "skip_reason": ""}],
         "1 of 2 packages were checked, 1 vulnerabilities are known", 1),
    ],
)  # fmt: skip
def test_an_audit_says_what_was_checked_and_never_takes_silence_for_good_news(
    packages: list[dict[str, Any]], last: str, code: int
) -> None:
    text, found = VERDICT({"dependencies": packages})
    assert (text.splitlines()[-1], found) == (f"audit: {last}", code)
    if code:
        assert text.splitlines()[0] == "audit: a 2.0: PYSEC-1 (mended in 2.1)"
