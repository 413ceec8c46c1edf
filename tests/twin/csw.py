"""The catalogue of G-Portal on loopback: GetRecords with a 1-based startIndex and paging."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from twin import _answers
from twin._answers import Answer, Question, as_json


@dataclass(frozen=True)
class Record:
    """A granule in the catalogue."""

    name: str
    dataset: str
    begin: str
    """Observation start, YYYY-MM-DDTHH:MM:SSZ."""
    folder: str
    """Its folder below Standard/, such as GCOM-C/GCOM-C.SGLI/L3.OCEAN.SST_/3/2020/04/01."""
    size: int
    version: str = "3"
    processed: str = "2024-04-09T15:51:05.00Z"
    has_product: bool = True


@dataclass
class CswFaults:
    """What goes wrong, and what was asked; a test may change it while the server runs."""

    unavailable: int = 0
    """So many requests are answered with 503."""
    page: str | None = None
    """An HTML page, with status 200, instead of any answer."""
    exception: str | None = None
    """The text of an OGC exception report, instead of any answer."""
    starts: list[int] = field(default_factory=list)
    """The startIndex of each request."""


@contextmanager
def serve(records: Sequence[Record], *, misbehave: CswFaults | None = None) -> Iterator[str]:
    """Serve records, and give the address of the catalogue."""
    faults = misbehave or CswFaults()
    with _answers.serve(lambda question: _answer(question, records, faults)) as address:
        yield f"{address}/csw"


def _answer(question: Question, records: Sequence[Record], faults: CswFaults) -> Answer:
    faults.starts.append(int(question.query.get("startIndex", "0")))
    if faults.unavailable:
        faults.unavailable -= 1
        return Answer(503, b"later", "text/plain")
    if faults.page is not None:
        return Answer(200, faults.page.encode(), "text/html")
    if faults.exception is not None:
        return _report(faults.exception)
    if question.query.get("request") != "GetRecords" or faults.starts[-1] < 1:
        return _report("startIndex counts from 1")
    return as_json(_page(records, question.query, faults.starts[-1]))


def _report(text: str) -> Answer:
    body = (
        '<?xml version="1.0"?><ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/2.0" version="3.0.0">'
        f'<ows:Exception exceptionCode="InvalidParameterValue"><ows:ExceptionText>{text}</ows:ExceptionText>'
        "</ows:Exception></ows:ExceptionReport>"
    )
    return Answer(400, body.encode(), "application/xml")


def _page(records: Sequence[Record], query: dict[str, str], start: int) -> dict[str, object]:
    matched = [
        one for one in records
        if one.dataset == query["datasetId"] and query["startTime"] <= one.begin <= query["endTime"]
    ]  # fmt: skip
    given = matched[start - 1 : start - 1 + int(query.get("count", "10"))]
    counts = {"numberOfRecordsMatched": len(matched), "numberOfRecordsReturned": len(given)}
    return {"type": "FeatureCollection", "features": [_feature(one) for one in given], "properties": counts}


def _feature(record: Record) -> dict[str, object]:
    stem = re.sub(r"\.\w+$", "", record.name)
    return {
        "type": "Feature",
        "geometry": None,
        "properties": {
            "identifier": stem,
            "processingDate": record.processed,
            "beginPosition": record.begin,
            "product": {
                "fileName": f"product.gportal.jaxa.jp:/products/Standard/{record.folder}/{record.name}",
                "size": str(record.size),
                "DataFormatType": "HDF5",
                "version": record.version,
            },
            "gpp": {"datasetId": record.dataset, "hasProduct": "true" if record.has_product else "false"},
        },
    }
