"""The Climate Data Store on loopback: catalogue messages, constraints, costing, jobs and their results.

Statuses, titles and details follow the processing service that the data stores run
(ecmwf-projects/cads-processing-api-service).
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from twin import _answers
from twin._answers import Answer, Question, as_json, of_file

Inputs = dict[str, Any]


@dataclass
class CdsFaults:
    """What goes wrong, and what was asked; a test may change it while the server runs."""

    licence_missing: bool = False
    queue_full: int = 0
    """So many jobs are rejected for the number of queued requests."""
    failed: str | None = None
    """Jobs fail with this message."""
    page: str | None = None
    """What every question is answered with, and status 200."""
    unavailable: int = 0
    """So many requests are answered with 503."""
    slow: int = 1
    """How often a job is asked for until it is done."""
    cut: int | None = None
    """The result is dropped after so many bytes, once."""
    expired: bool = False
    """Results of jobs that are done are gone."""
    wrong_size: bool = False
    """The result is announced with another size than it has."""
    silent: int = 0
    """So many jobs are made without an answer that says so."""
    elsewhere: str | None = None
    """Results are said to lie at this address."""
    submitted: list[Inputs] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    """Of each request for the bytes of a result."""
    most: int = 10_000
    """Jobs on a page of the list."""
    listed: list[dict[str, str]] = field(default_factory=list)
    """What each request for the list of jobs said."""


@dataclass
class _Job:
    identity: str
    inputs: Inputs
    status: str
    created: datetime
    message: str = ""
    asked: int = 0


@contextmanager
def serve(
    content: Callable[[Inputs], bytes],
    constraints: Sequence[dict[str, list[str]]],
    *,
    key: str,
    collection: str,
    cost: tuple[float, float] = (1, 400),
    misbehave: CdsFaults | None = None,
) -> Iterator[str]:
    """Serve a collection, and give the address of the API.

    Parameters
    ----------
    content : the file that the inputs of a request give
    constraints : each entry the values that its inputs may have together
    cost : of any request, and the limit
    """
    service = _Service(content, constraints, key, collection, cost, misbehave or CdsFaults())
    with _answers.serve(service.answer) as address:
        yield f"{address}/api"


def _problem(status: int, title: str, detail: str) -> Answer:
    return as_json({"type": title, "title": title, "status": status, "detail": detail}, status)


@dataclass
class _Service:
    content: Callable[[Inputs], bytes]
    constraints: Sequence[dict[str, list[str]]]
    key: str
    collection: str
    cost: tuple[float, float]
    faults: CdsFaults
    jobs: dict[str, _Job] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, question: Question) -> Answer:
        if question.path == "/api/catalogue/v1/messages":
            return as_json({"messages": []})
        if question.path.startswith("/download/"):
            return self._download(question)
        if self.faults.unavailable:
            self.faults.unavailable -= 1
            return Answer(503, b"later", "text/plain")
        with self.lock:
            return self._asked(question)

    def _asked(self, question: Question) -> Answer:
        catalogue = f"/api/catalogue/v1/collections/{self.collection}"
        if self.faults.page is not None:
            return Answer(200, self.faults.page.encode(), "text/html")
        if question.path in {catalogue, f"{catalogue}/constraints.json"}:
            whole = {"id": self.collection, "links": []}
            return as_json(self.constraints if question.path == f"{catalogue}/constraints.json" else whole)
        if question.headers.get("PRIVATE-TOKEN") != self.key:
            return _problem(401, "permission denied", "authentication failed")
        base = f"http://{question.headers['Host']}/api/retrieve/v1"
        return self._retrieve(question, base, question.path.removeprefix("/api/retrieve/v1/").split("/"))

    def _retrieve(self, question: Question, base: str, parts: list[str]) -> Answer:
        match question.method, parts:
            case "GET", ["processes", name] if name == self.collection:
                return as_json({"id": name, "title": "synthetic", "links": []})
            case "POST", ["processes", name, what] if name == self.collection:
                return self._process(what, json.loads(question.body)["inputs"], base)
            case "GET", ["jobs"]:
                return self._list(question.query, base)
            case "GET", ["jobs", identity] if identity in self.jobs:
                return self._status(self.jobs[identity], base, full=question.query.get("request") == "True")
            case "GET", ["jobs", identity, "results"] if identity in self.jobs:
                return self._results(self.jobs[identity], question)
            case _:
                return _problem(404, "not found", f"{question.path} not found")

    def _process(self, what: str, inputs: Inputs, base: str) -> Answer:
        cost, limit = self.cost
        if what == "costing":
            return as_json({"id": "size", "cost": cost, "limit": limit, "request_is_valid": True})
        if self.faults.licence_missing:
            return _problem(
                403, "required licences not accepted",
                "Not all the required licences have been accepted; please visit "
                f"https://cds.climate.copernicus.eu/datasets/{self.collection}?tab=download#manage-licences",
            )  # fmt: skip
        if cost > limit:
            return _problem(403, "cost limits exceeded", "Your request is too large, please reduce your selection.")
        return self._submitted(inputs, base)

    def _submitted(self, inputs: Inputs, base: str) -> Answer:
        self.faults.submitted.append(inputs)
        made = datetime.now(UTC).replace(tzinfo=None)  # the store does not state the zone
        job = _Job(f"11111111-0000-4000-8000-{len(self.faults.submitted):012d}", inputs, "accepted", made)
        self.jobs[job.identity] = job
        if self.faults.queue_full:
            self.faults.queue_full -= 1
            job.status = "rejected"
            job.message = "Number of queued requests using the API is limited to 200."
        if self.faults.silent:
            self.faults.silent -= 1
            return Answer(201, b"never sent", cut=0)
        return as_json(self._info(job, base), 201)

    def _list(self, query: dict[str, str], base: str) -> Answer:
        """Give a page of jobs, the newest first, without their requests; the last page that has some says next, too."""
        self.faults.listed.append(query)
        limit, before = min(int(query.get("limit", 10)), self.faults.most), query.get("cursor", "~")
        newest = sorted(self.jobs.values(), key=lambda one: one.created, reverse=True)
        page = [one for one in newest if one.created.isoformat() < before][:limit]
        said = f"{base}/jobs?limit={limit}&sortby=-created&cursor={page[-1].created.isoformat()}" if page else ""
        links = [{"rel": "next", "href": said}] if page else []
        return as_json({"jobs": [self._info(one, base) for one in page], "links": links, "metadata": {}})

    def _info(self, job: _Job, base: str, *, full: bool = False) -> dict[str, object]:
        return {
            "jobID": job.identity,
            "processID": self.collection,
            "status": job.status,
            "created": job.created.isoformat(),
            "updated": job.created.isoformat(),
            "metadata": {"request": {"ids": job.inputs, "labels": {}}} if full else {},
            "links": [
                {"rel": "monitor", "href": f"{base}/jobs/{job.identity}"},
                {"rel": "self", "href": f"{base}/jobs/{job.identity}"},
                {"rel": "results", "href": f"{base}/jobs/{job.identity}/results"},
            ],
        }

    def _status(self, job: _Job, base: str, *, full: bool) -> Answer:
        job.asked += 1
        if job.status == "accepted":
            job.status = "running"
        elif job.status == "running" and job.asked > self.faults.slow:
            job.status = "successful" if self.faults.failed is None else "failed"
            job.message = self.faults.failed or ""
        return as_json(self._info(job, base, full=full))

    def _results(self, job: _Job, question: Question) -> Answer:
        if job.status in {"failed", "rejected"}:
            return as_json({"title": f"The job has {job.status}.", "status": 400, "traceback": job.message}, 400)
        if self.faults.expired:
            return _problem(404, "results expired", f"results of job {job.identity} expired")
        size = len(self.content(job.inputs)) + self.faults.wrong_size
        href = self.faults.elsewhere or f"http://{question.headers['Host']}/download/{job.identity}"
        return as_json({"asset": {"value": {"type": "application/zip", "href": href, "file:size": size}}})

    def _download(self, question: Question) -> Answer:
        self.faults.headers.append({name: question.headers[name] for name in question.headers})
        body = self.content(self.jobs[question.path.removeprefix("/download/")].inputs)
        if question.method == "GET":
            cut, self.faults.cut = self.faults.cut, None
            return of_file(body, question, cut=cut)
        return of_file(body, question)
