"""The connector of the Climate Data Store: its own client against the retrieve API on loopback, which misbehaves."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from twin.cds import CdsFaults, Inputs, serve

from eo.config import load_product
from eo.errors import Absent, Denied, InputError, SourceError, Unavailable
from eo.model import span
from eo.origin import CdsSource, Credentials, Limits
from eo.sources import Remote, Wanted, _cds_requests, cds

KEY = "5ecret00-0000-4000-8000-000000000000"
COLLECTION = "satellite-soil-moisture"
PRODUCT = load_product("c3s_soil_moisture_combined_daily")
DAYS = [f"{day:02d}" for day in range(1, 32)]
CDR = {"type_of_record": ["cdr"], "year": ["2014", "2015"], "month": ["01", "02", "12"], "day": DAYS}
ICDR = {"type_of_record": ["icdr"], "year": ["2016"], "month": ["01"], "day": DAYS[:9]}
OFFERED = [one | {"version": ["v202505", "v202312"], "type_of_sensor": ["combined"]} for one in (CDR, ICDR)]
FIXED: dict[str, Any] = {"type_of_sensor": ["combined"], "version": ["v202505"]}
RECORDS = ({"type_of_record": ["cdr"]}, {"type_of_record": ["icdr"]})


def packed(inputs: Inputs) -> bytes:
    """Give a zip with one text for each day, the same bytes each time; stored, so that a cut leaves much of it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for day in inputs["day"]:
            member = zipfile.ZipInfo(f"synthetic-{inputs['year'][0]}{inputs['month'][0]}{day}.nc")  # dated 1980
            archive.writestr(member, day.encode() * 5000)
    return out.getvalue()


@contextmanager
def store(monkeypatch: pytest.MonkeyPatch, faults: CdsFaults | None = None, **more: Any) -> Iterator[CdsSource]:  # noqa: ANN401 - any field of the record
    monkeypatch.setenv("TWIN_KEY", KEY)
    cost = more.pop("cost", (1, 400))
    with serve(packed, OFFERED, key=KEY, collection=COLLECTION, cost=cost, misbehave=faults) as url:
        given = {
            "request": FIXED, "variants": RECORDS, "days": "day", "url": url, "poll": 0.01, "hosts": (),
            "credentials": Credentials(key="TWIN_KEY"), "limits": Limits(timeout=5, wait=0.01, attempts=3),
        }  # fmt: skip
        yield CdsSource(kind="cds", collection=COLLECTION, **(given | more))


def wanted(months: str) -> Wanted:
    return Wanted("c3s_soil_moisture_combined_daily", PRODUCT, span(months))


def inputs(found: list[Remote]) -> list[Inputs]:
    return [_cds_requests.inputs_of(one) for one in found]


def source(**more: Any) -> CdsSource:  # noqa: ANN401 - any field of the record
    return CdsSource(
        kind="cds", collection=COLLECTION, **({"request": FIXED, "variants": RECORDS, "days": "day"} | more)
    )


def test_a_month_that_the_store_has_is_one_request_with_its_days(monkeypatch: pytest.MonkeyPatch) -> None:
    with store(monkeypatch) as here:
        cds.check(here)
        found = cds.find(here, wanted("2015-02/2016-02"))
    asked = [(one["year"], one["month"], one["type_of_record"]) for one in inputs(found)]
    assert asked == [(["2015"], ["02"], ["cdr"]), (["2015"], ["12"], ["cdr"]), (["2016"], ["01"], ["icdr"])]
    assert [len(one["day"]) for one in inputs(found)] == [28, 31, 9]  # a February of 28 days; a month that goes on
    assert all(one["version"] == ["v202505"] for one in inputs(found))
    assert len({one.name for one in found}) == 3


def test_a_year_can_be_one_request() -> None:
    found = _cds_requests.requests(source(batch="year", days=""), span("2014/2016"), OFFERED)
    assert [(one["year"], one["month"]) for one in inputs(found)] == [
        (["2014"], ["01", "02", "12"]), (["2015"], ["01", "02", "12"]), (["2016"], ["01"]),
    ]  # fmt: skip


def test_a_record_in_one_file_is_one_request_without_times() -> None:
    one = source(batch="all", days="", variants=({},))
    assert inputs(_cds_requests.requests(one, span("2015"), OFFERED)) == [FIXED]


def test_a_month_with_more_days_is_another_issue_under_the_same_name() -> None:
    more = [one | {"day": DAYS[:20]} for one in OFFERED]
    before, after = (_cds_requests.requests(source(), span("2016-01"), offered)[0] for offered in (OFFERED, more))
    assert before.name == after.name
    assert before.etag != after.etag


def test_a_keyword_that_is_not_called_so_any_more_is_an_error_and_never_an_empty_record() -> None:
    old = source(request={"type_of_sensor": "combined_passive_and_active", "version": "v202505"})
    with pytest.raises(SourceError, match=r"offers .*'type_of_sensor': \['combined'\]"):
        _cds_requests.requests(old, span("2015"), OFFERED)


def test_the_answer_to_a_request_comes_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    counted: list[int] = []
    faults = CdsFaults(slow=3)
    with store(monkeypatch, faults) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        got = cds.fetch(here, remote, tmp_path / "draft", counted.append)
    assert (tmp_path / "draft").read_bytes() == packed(_cds_requests.inputs_of(remote))
    assert got.size == sum(counted)
    assert faults.submitted == [_cds_requests.inputs_of(remote)]
    assert not (tmp_path / "draft.request").exists()
    assert not any("PRIVATE-TOKEN" in headers for headers in faults.headers)  # the key goes to the store alone


def test_after_a_crash_the_request_that_runs_is_waited_for_and_none_is_submitted_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    faults, draft = CdsFaults(slow=10_000), tmp_path / "draft"
    limits = Limits(timeout=5, deadline=0.1)
    with store(monkeypatch, faults) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        with pytest.raises(SourceError, match="is running: it is kept") as raised:
            cds.fetch(here.model_copy(update={"limits": limits}), remote, draft, lambda _: None)
        assert not isinstance(raised.value, Unavailable)
        faults.slow = 0
        cds.fetch(here, remote, draft, lambda _: None)  # knows of the first attempt what is on disk, no more
    assert len(faults.submitted) == 1
    assert draft.read_bytes() == packed(faults.submitted[0])


def test_a_submission_of_which_the_answer_never_came_is_looked_for_and_not_made_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    faults, draft = CdsFaults(silent=1), tmp_path / "draft"
    with store(monkeypatch, faults) as here:
        first, second = cds.find(here, wanted("2015-01/2015-02"))
        with pytest.raises(Unavailable):
            cds.fetch(here, second, draft, lambda _: None)
        faults.silent, faults.most = 5, 2  # others of the account, in the meantime: more than a page of the list has
        for number in range(5):
            with pytest.raises(Unavailable):
                cds.fetch(here, first, tmp_path / f"other{number}", lambda _: None)
        cds.fetch(here, second, draft, lambda _: None)
    assert [one["month"] for one in faults.submitted].count(["02"]) == 1
    assert draft.read_bytes() == packed(faults.submitted[0])
    assert any("cursor" in query for query in faults.listed)


def test_a_request_that_failed_or_is_of_long_ago_is_not_taken_for_the_one_that_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    faults, draft = CdsFaults(silent=1, failed="MARS returned no data"), tmp_path / "draft"
    with store(monkeypatch, faults) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        with pytest.raises(Unavailable):
            cds.fetch(here, remote, draft, lambda _: None)
        note = tmp_path / "draft.request"
        said = json.loads(note.read_text())
        assert said["identity"] == ""
        note.write_text(json.dumps(said | {"written": "2100-01-01T00:00:00+00:00"}))
        with pytest.raises(SourceError, match="no data"):
            cds.fetch(here, remote, draft, lambda _: None)  # of long ago: submitted anew
        assert len(faults.submitted) == 2
        note.write_text(json.dumps(said | {"written": "2000-01-01T00:00:00+00:00"}))
        faults.failed = None
        cds.fetch(here, remote, draft, lambda _: None)
    assert len(faults.submitted) == 2  # the second failed; the first, which runs, is taken up


def test_an_answer_that_broke_off_is_gone_on_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    faults, draft = CdsFaults(cut=30_000), tmp_path / "draft"
    with store(monkeypatch, faults) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        with pytest.raises(Unavailable):
            cds.fetch(here, remote, draft, lambda _: None)
        cds.fetch(here, remote, draft, lambda _: None)
    assert len(faults.submitted) == 1
    assert draft.read_bytes() == packed(faults.submitted[0])


def test_another_request_under_the_same_draft_is_submitted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    faults, draft = CdsFaults(slow=10_000), tmp_path / "draft"
    with store(monkeypatch, faults) as here:
        first, second = cds.find(here, wanted("2015-01/2015-02"))
        with pytest.raises(SourceError, match="it is kept"):
            cds.fetch(here.model_copy(update={"limits": Limits(deadline=0.05)}), first, draft, lambda _: None)
        faults.slow = 0
        cds.fetch(here, second, draft, lambda _: None)
    assert [one["month"] for one in faults.submitted] == [["01"], ["02"]]
    assert draft.read_bytes() == packed(faults.submitted[1])


def test_a_failed_job_says_why_and_the_next_attempt_submits_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    faults, draft = CdsFaults(failed="MARS returned no data"), tmp_path / "draft"
    with store(monkeypatch, faults) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        with pytest.raises(SourceError, match="MARS returned no data") as raised:
            cds.fetch(here, remote, draft, lambda _: None)
        assert not isinstance(raised.value, Unavailable)
        assert not list(tmp_path.iterdir())
        faults.failed = None
        cds.fetch(here, remote, draft, lambda _: None)
    assert len(faults.submitted) == 2


def test_a_full_queue_is_worth_another_try(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    faults, draft = CdsFaults(queue_full=1), tmp_path / "draft"
    with store(monkeypatch, faults) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        with pytest.raises(Unavailable, match="limited to 200"):
            cds.fetch(here, remote, draft, lambda _: None)
        cds.fetch(here, remote, draft, lambda _: None)
    assert draft.exists()


def test_a_licence_that_is_not_accepted_says_where_to_accept_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with store(monkeypatch, CdsFaults(licence_missing=True)) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        with pytest.raises(SourceError, match=r"/datasets/satellite-soil-moisture\?tab=download#manage-licences"):
            cds.fetch(here, remote, tmp_path / "draft", lambda _: None)
    assert not list(tmp_path.iterdir())


def test_a_request_that_is_too_large_is_not_submitted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    faults = CdsFaults()
    with store(monkeypatch, faults, cost=(500, 400)) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        with pytest.raises(SourceError, match="costs at most 400, and this one costs 500"):
            cds.fetch(here, remote, tmp_path / "draft", lambda _: None)
    assert faults.submitted == []


def test_a_collection_that_is_not_there_is_an_error_and_never_a_missing_month(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with store(monkeypatch) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        renamed = here.model_copy(update={"collection": "satellite-soil-moisture-of-old"})
        with pytest.raises(SourceError, match="not found"):
            cds.find(renamed, wanted("2016-01"))
        with pytest.raises(SourceError) as raised:
            cds.fetch(renamed, remote, tmp_path / "d", lambda _: None)
    assert not isinstance(raised.value, Absent | Unavailable)


@pytest.mark.parametrize("page", ["<html>maintenance</html>", "[]", '{"unexpected": 1}'])
def test_an_answer_of_another_form_is_an_error_and_never_an_empty_month(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, page: str
) -> None:
    faults = CdsFaults()
    with store(monkeypatch, faults) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        faults.page = page
        with pytest.raises(SourceError):
            cds.find(here, wanted("2016-01"))
        with pytest.raises(SourceError) as raised:
            cds.fetch(here, remote, tmp_path / "draft", lambda _: None)
    assert not isinstance(raised.value, Absent)
    assert not list(tmp_path.iterdir())


def test_an_expired_answer_is_asked_for_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    faults, draft = CdsFaults(expired=True), tmp_path / "draft"
    with store(monkeypatch, faults) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        with pytest.raises(Unavailable, match="expired"):
            cds.fetch(here, remote, draft, lambda _: None)
        faults.expired = False
        cds.fetch(here, remote, draft, lambda _: None)
    assert len(faults.submitted) == 2


def test_an_answer_of_another_size_than_was_said_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with store(monkeypatch, CdsFaults(wrong_size=True)) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        with pytest.raises(Unavailable, match="whole"):
            cds.fetch(here, remote, tmp_path / "draft", lambda _: None)


def test_an_answer_that_lies_on_another_host_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with store(monkeypatch, CdsFaults(elsewhere="https://elsewhere.example/x.zip")) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        with pytest.raises(SourceError, match=r"elsewhere\.example"):
            cds.fetch(here, remote, tmp_path / "draft", lambda _: None)


def test_a_busy_store_is_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    faults = CdsFaults(unavailable=2)
    with store(monkeypatch, faults) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        faults.unavailable = 1
        with pytest.raises(Unavailable, match="503"):
            cds.fetch(here, remote, tmp_path / "draft", lambda _: None)


def test_a_wrong_key_is_denied_and_never_shown(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    wrong = "wr0ng000-0000-4000-8000-000000000000"
    caplog.set_level(0)
    with store(monkeypatch) as here:
        remote = cds.find(here, wanted("2016-01"))[0]
        monkeypatch.setenv("TWIN_KEY", wrong)
        with pytest.raises(Denied, match="TWIN_KEY") as raised:
            cds.fetch(here, remote, tmp_path / "draft", lambda _: None)
    shown = [str(raised.value), repr(raised.value), repr(here), caplog.text, *capfd.readouterr()]
    shown += [path.read_text() for path in tmp_path.iterdir()]
    assert not any(wrong in text for text in shown)
    assert "constraints.json" in caplog.text  # the client did log


def test_the_key_may_be_in_the_file_of_the_client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "rc"
    file.write_text(f"url: https://elsewhere.example/api\nkey: {KEY}\n")
    monkeypatch.setenv("ECMWF_DATASTORES_RC_FILE", str(file))
    with store(monkeypatch) as here:
        monkeypatch.delenv("TWIN_KEY")
        cds.check(here)
        cds.fetch(here, cds.find(here, wanted("2016-01"))[0], tmp_path / "draft", lambda _: None)
    assert (tmp_path / "draft").exists()


def test_a_key_that_is_not_there_or_of_the_old_form_is_said_before_any_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ECMWF_DATASTORES_RC_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("ECMWF_DATASTORES_KEY", raising=False)
    with pytest.raises(InputError, match="ECMWF_DATASTORES_KEY"):
        cds.check(source())
    monkeypatch.setenv("ECMWF_DATASTORES_KEY", f"12345:{KEY}")
    with pytest.raises(InputError, match="without the user number") as raised:
        cds.check(source())
    assert KEY not in str(raised.value)
