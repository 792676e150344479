"""What can be wrong on Google Cloud: each is told with what it is about and what mends it, and no row is lost.

The command line and Google's own clients, unpatched; the loopback server says what Google does.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bqbatch.errors import WarehouseError
from bqbatch.names import Dataset
from bqbatch.patience import Patience
from bqbatch.services.vertex import VertexService
from bqbatch.warehouses.bigquery import BigQueryWarehouse
from tests.clouds import Cloud, service_account
from tests.loopback.http import Call, Refusal
from tests.targets import PROMPT

GRANT = 'gcloud projects add-iam-policy-binding proj --member="user:$(gcloud config get account)" --role=roles/'
ALL = {"ok": 5, "skipped": 1}


def refused(cloud: Cloud, *arguments: str) -> str:
    """What a run says that ends in an error, in one line."""
    said = cloud.say("run", "words.sql", *arguments)
    assert (said.code, said.out) == (1, "")
    return " ".join(said.err.split())


def use_source(cloud: Cloud, table: str) -> None:
    cloud.folder.write("words.sql", PROMPT.replace("{{ seed('words.csv') }}", f"`{table}`"))


# Who asks, and in which project.


@pytest.mark.parametrize(
    ("permission", "what", "role"),
    [
        ("bigquery.jobs.create", "does not have bigquery.jobs.create permission in project proj", "bigquery.user"),
        ("bigquery.tables.create", "Permission bigquery.tables.create denied on dataset proj:llm", "bigquery.dataEditor"),
        ("bigquery.tables.updateData", "Permission bigquery.tables.updateData denied on table proj:llm.", "bigquery.dataEditor"),
        ("bigquery.tables.getData", "does not have permission to query table proj:llm.", "bigquery.dataViewer"),
        ("bigquery.datasets.get", "Permission bigquery.datasets.get denied on dataset proj:llm", "bigquery.dataViewer"),
        ("aiplatform.batchPredictionJobs.create", "Permission 'aiplatform.batchPredictionJobs.create' denied", "aiplatform.user"),
        ("aiplatform.batchPredictionJobs.get", "Permission 'aiplatform.batchPredictionJobs.get' denied", "aiplatform.user"),
    ],
)  # fmt: skip
def test_a_permission_that_is_missing_is_told_with_the_command_that_grants_it(
    permission: str, what: str, role: str, cloud: Cloud
) -> None:
    cloud.rules.denied.add(permission)
    said = refused(cloud)
    assert what in said
    assert GRANT + role in said
    cloud.rules.denied.clear()
    assert cloud.run()["outcomes"] == ALL
    assert len(cloud.vertex.asked) == 4


def test_a_run_that_was_refused_goes_on_when_that_is_mended(cloud: Cloud) -> None:
    cloud.configure(shard_size=2, in_flight=1)
    cloud.rules.denied.add("aiplatform.batchPredictionJobs.create")
    refused(cloud)
    [row] = cloud.json("status")
    assert row["state"] == "open"
    assert "denied" in row["message"]
    cloud.rules.denied.clear()
    [result] = cloud.json("resume")
    assert result["outcomes"] == ALL
    assert [row["ended_as"] for row in cloud.rows("SELECT ended_as FROM bqbatch_jobs ORDER BY shard, attempt")] == [
        "REFUSED", "SUCCEEDED", "SUCCEEDED",
    ]  # fmt: skip
    assert len(cloud.vertex.asked) == 4


def test_a_source_one_may_not_read_is_told_with_the_project_it_is_in(cloud: Cloud) -> None:
    use_source(cloud, "sales-prod.shop.reviews")
    said = refused(cloud)
    assert "does not have permission to query table sales-prod:shop.reviews" in said
    assert "add-iam-policy-binding sales-prod " in said
    assert "roles/bigquery.dataViewer" in said


def test_a_column_with_a_policy_tag_is_told(cloud: Cloud) -> None:
    cloud.vertex.bigquery.warehouse.load(cloud.folder.root / "words.csv", "`llm.people`")
    cloud.rules.tags["llm.people"] = {"word": "projects/proj/locations/us/taxonomies/1/policyTags/2"}
    cloud.rules.denied.add("datacatalog.categories.fineGrainedGet")
    use_source(cloud, "llm.people")
    said = refused(cloud)
    assert "protected by policy tag" in said
    assert "roles/datacatalog.categoryFineGrainedReader" in said


@pytest.mark.parametrize(("api", "title"), [("bigquery", "BigQuery API"), ("aiplatform", "Vertex AI API")])
def test_an_api_that_is_off_is_told_with_the_command_that_turns_it_on(api: str, title: str, cloud: Cloud) -> None:
    cloud.rules.disabled.add(api)
    said = refused(cloud)
    assert f"{title} has not been used in project proj before or it is disabled" in said
    assert f"gcloud services enable {api}.googleapis.com --project=proj" in said


def test_a_project_that_is_not_there_is_told(cloud: Cloud) -> None:
    cloud.configure(project="prjo")
    said = refused(cloud)
    assert "Not found: Project prjo" in said
    assert "gcloud projects list" in said


def test_a_project_that_vertex_ai_does_not_know_is_told(cloud: Cloud) -> None:
    def refuse(call: Call) -> None:
        if call.method.startswith("aiplatform"):
            cloud.rules.check_call(call.method, "prjo", "proj")

    cloud.server.before = refuse
    said = refused(cloud)
    assert "Permission denied on resource project prjo" in said
    assert "gcloud projects list" in said


# Credentials: a server of one's own is sent none, so Google's client is told of the server by its own variable.


@pytest.mark.usefixtures("without_credentials")
def test_credentials_that_are_missing_are_told_with_the_command_that_makes_them() -> None:
    warehouse = BigQueryWarehouse("proj", Dataset("proj.llm"))
    with pytest.raises(WarehouseError, match="there are no Google Cloud credentials on this machine") as caught:
        warehouse.read("SELECT 1 AS one")
    assert caught.value.hint == "gcloud auth application-default login"


@pytest.mark.usefixtures("without_credentials")
@pytest.mark.parametrize("ahead", [0, 7200])
def test_a_clock_that_is_wrong_is_told_and_a_service_account_by_its_name(
    ahead: float, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service_account(tmp_path, cloud.server.url)))
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", cloud.server.url)
    cloud.server.ahead = ahead
    cloud.rules.denied.add("bigquery.jobs.create")
    with pytest.raises(WarehouseError) as caught:
        BigQueryWarehouse("proj", Dataset("proj.llm")).read("SELECT 1 AS one")
    if ahead:
        assert "Token must be a short-lived token" in str(caught.value)
        assert "is the clock of this machine right?" in (caught.value.hint or "")
    else:
        assert '--member="serviceAccount:bot@proj.iam.gserviceaccount.com"' in (caught.value.hint or "")


# Where the rows are.


def test_a_dataset_that_is_not_there_is_told_with_the_command_that_makes_it(cloud: Cloud) -> None:
    cloud.configure(dataset="proj.lmm")
    said = refused(cloud)
    assert "Not found: Dataset proj:lmm" in said
    assert "bq --location=US mk --dataset proj:lmm" in said


def test_a_source_in_another_location_is_told_with_where_it_is(cloud: Cloud) -> None:
    cloud.vertex.bigquery.datasets["shop"] = "EU"
    use_source(cloud, "proj.shop.reviews")
    said = refused(cloud)
    assert "Dataset proj:shop was not found in location US" in said
    assert "proj.shop is in EU, and queries run in US" in said
    use_source(cloud, "proj.shpo.reviews")
    assert "is the name right? bq ls --project_id=proj" in refused(cloud)


def test_a_dataset_elsewhere_than_the_model_is_told(cloud: Cloud) -> None:
    cloud.configure(location="eu")
    said = refused(cloud)
    assert "BigQuery dataset llm is in location US, the job is in eu" in said
    assert "set `location` of the target" in said
    cloud.vertex.bigquery.datasets["llm"] = "EU"
    assert cloud.run()["outcomes"] == ALL


def test_a_source_table_that_is_missing_is_told_at_its_place(cloud: Cloud) -> None:
    use_source(cloud, "proj.llm.reviews")
    said = refused(cloud)
    assert re.search(r"words\.sql:4:\d+: .*reviews", said)


def test_a_dataset_that_is_read_only_is_told(cloud: Cloud) -> None:
    cloud.rules.read_only.add("llm")
    said = refused(cloud)
    assert "Permission bigquery.tables.create denied on dataset proj:llm" in said
    assert GRANT + "bigquery.dataEditor" in said


# Models.


@pytest.mark.parametrize(
    ("model", "location", "hint"),
    [
        ("gemini-3.5-flash-light", "global", "did you mean `gemini-3.5-flash-lite`?"),
        ("gemini-2.5-flash", "us", "`gemini-2.5-flash` was retired on 2026-10-20; at us there are gemini-3"),
        ("gemini-3.1-pro-preview", "us", "`gemini-3.1-pro-preview` is served at global: set `location`"),
        ("gemini-3.5-flash-lite", "us-central1", "`gemini-3.5-flash-lite` is served at global, us, eu"),
        ("projects/proj/locations/us/models/7", "global", 'a tuned model answers where it is: location = "us"'),
    ],
)
def test_a_model_that_is_not_served_there_is_told_with_what_is(
    model: str, location: str, hint: str, cloud: Cloud
) -> None:
    cloud.configure(location=location)
    cloud.price(model)
    said = refused(cloud, "--model", model)
    assert f"Vertex AI has no `{model}` at `{location}`: Publisher Model" in said
    assert hint in said
    assert cloud.vertex.asked == []


# What is too much.


def test_a_source_above_the_bytes_limit_is_told_and_costs_nothing(cloud: Cloud) -> None:
    cloud.vertex.bigquery.warehouse.load(cloud.folder.root / "words.csv", "`llm.big`")
    cloud.rules.sizes["llm.big"] = 50_000_000_000
    cloud.configure(maximum_bytes_billed=10_000_000_000)
    use_source(cloud, "llm.big")
    said = refused(cloud)
    assert "Query exceeded limit for bytes billed: 10000000000. 50000000000 or higher required." in said
    assert "raise `maximum_bytes_billed` of the target" in said


def test_a_request_over_the_size_limit_fails_alone(cloud: Cloud) -> None:
    cloud.folder.write("words.csv", f"id,word\n1,red\n2,{'long ' * 200}\n")
    cloud.vertex.most_characters = 900
    assert cloud.run()["outcomes"] == {"failed": 1, "ok": 1}
    [failed] = cloud.rows("SELECT key, _error FROM words WHERE _outcome = 'failed'")
    assert failed["key"] == 2
    assert "exceeds the maximum number of tokens allowed" in failed["_error"]


def test_a_query_that_is_too_long_is_told(cloud: Cloud) -> None:
    cloud.folder.write("words.sql", PROMPT.replace("Label {word}", "Label {word}" + " word" * 220_000))
    said = refused(cloud)
    assert "The query is too large" in said
    assert "put long texts into a table and join it" in said


def test_a_quota_of_bigquery_that_is_used_up_is_told(cloud: Cloud) -> None:
    cloud.rules.used_up.add("bigquery.jobs.insert")
    said = refused(cloud)
    assert "Quota exceeded: Your project exceeded quota" in said
    assert "https://console.cloud.google.com/iam-admin/quotas?project=proj" in said
    cloud.rules.used_up.clear()
    assert cloud.run()["outcomes"] == ALL
    assert len(cloud.vertex.asked) == 4


def test_a_quota_of_vertex_ai_that_is_used_up_is_told_and_waited_for(cloud: Cloud) -> None:
    create = "aiplatform.projects.locations.batchPredictionJobs.create"
    cloud.rules.used_up.add(create)
    tries: list[Call] = []

    def free(call: Call) -> None:
        tries.extend([call] if call.method == create else [])
        if len(tries) == 3:
            cloud.rules.used_up.clear()

    cloud.server.before = free
    said = cloud.say("run", "words.sql")
    assert said.code == 0
    assert "Vertex AI takes no job just now: Quota exceeded for aiplatform.googleapis.com" in said.err
    assert len(cloud.vertex.asked) == 4


def test_more_requests_than_a_job_takes_are_told(cloud: Cloud) -> None:
    cloud.vertex.most_requests = 3
    assert "Vertex AI refuses the job: The input has 4 requests, more than 3" in refused(cloud)


# What happens behind one's back.


def when_over(cloud: Cloud, act: Callable[[], None]) -> None:
    """Does something once, as soon as a job is over."""
    left = iter([act])

    def look(call: Call) -> None:
        over = any(kept["job"]["state"] == "JOB_STATE_SUCCEEDED" for kept in cloud.vertex.jobs.values())
        if over and call.method.endswith("batchPredictionJobs.get"):
            next(left, lambda: None)()

    cloud.server.after = look


def test_a_job_that_is_deleted_is_told_and_its_answers_are_read_all_the_same(cloud: Cloud) -> None:
    when_over(cloud, cloud.vertex.jobs.clear)
    assert cloud.run()["outcomes"] == ALL
    assert len(cloud.vertex.asked) == 4


def test_a_job_that_is_deleted_before_it_answers_is_told_and_asked_again(cloud: Cloud) -> None:
    first = iter([True])

    def delete(call: Call) -> None:
        if call.method.endswith("batchPredictionJobs.get") and next(first, False):
            cloud.vertex.jobs.clear()

    cloud.server.before = delete
    said = cloud.say("run", "words.sql")
    assert (said.code, "somebody deleted it" in said.err) == (0, True)
    assert cloud.run()["outcomes"] == ALL
    assert len(cloud.vertex.asked) == 4


def test_a_response_table_that_is_dropped_leaves_rows_to_ask_again(cloud: Cloud) -> None:
    tables = cloud.vertex.bigquery.warehouse

    def drop() -> None:
        from bqbatch.warehouses import Statement

        [table] = [name for name in tables.list_tables() if name.startswith("bqb_resp")]
        tables.execute(Statement(f"DROP TABLE `llm.{table}`", "drop"))

    when_over(cloud, drop)
    said = cloud.say("run", "words.sql")
    assert said.code == 0
    assert "left no response table" in said.err
    assert cloud.rows("SELECT COUNTIF(_outcome = 'pending') AS n FROM words") == [{"n": 5}]
    assert cloud.run()["outcomes"] == ALL


@pytest.mark.parametrize(("state", "outcome"), [("SUCCEEDED", "missing"), ("FAILED", "pending")])
def test_a_response_table_that_is_half_written_loses_no_row(state: str, outcome: str, cloud: Cloud) -> None:
    keys = "SELECT MIN(key) AS least FROM words"
    cloud.vertex.states = ("JOB_STATE_PENDING", f"JOB_STATE_{state}")
    cloud.vertex.written = "key < '8'"
    first = cloud.run()["outcomes"]
    assert first.get("ok", 0) + first.get(outcome, 0) == 5
    assert first.get(outcome, 0) > 0
    cloud.vertex.written = "TRUE"
    assert cloud.run()["outcomes"] == ALL
    assert cloud.rows(keys) == [{"least": 1}]


def test_responses_for_keys_that_were_never_asked_are_left_out_and_told(cloud: Cloud) -> None:
    cloud.vertex.made_up = ("elsewhere",)
    said = cloud.say("run", "words.sql")
    assert said.code == 0
    assert "1 responses have a key that was not asked; they are left out" in said.err
    assert cloud.rows("SELECT COUNT(*) AS n FROM words__answers") == [{"n": 4}]
    assert cloud.run()["outcomes"] == ALL


def test_a_service_that_does_not_answer_for_long_is_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VertexService, "patience", Patience(total_seconds=0.5))
    since = time.monotonic()

    def refuse(call: Call) -> None:
        if call.method.endswith("batchPredictionJobs.get"):
            raise Refusal(503, "backendError", "The service is currently unavailable.", "UNAVAILABLE")

    cloud.server.before = refuse
    said = refused(cloud)
    assert "Vertex AI can't be reached: 503" in said
    assert time.monotonic() - since < 30
    cloud.server.before = lambda _: None
    assert cloud.run()["outcomes"] == ALL
    assert len(cloud.vertex.asked) == 4


@pytest.mark.parametrize(
    ("model", "taken"),
    [("claude-sonnet-5", False), ("gemini-3.5-flash-lite", True), ("projects/p/locations/us-central1/models/7", True)],
)
def test_a_model_of_others_is_refused_before_anything_is_sent(model: str, taken: bool, cloud: Cloud) -> None:
    said = cloud.say("compile", "words.sql", "--model", model)
    assert (said.code == 0) == taken
    assert cloud.server.calls == []
    if not taken:
        assert "`claude-sonnet-5` is no Gemini model" in said.err


def test_a_cached_content_which_batches_do_not_take_is_refused_at_its_place(cloud: Cloud) -> None:
    file = cloud.folder.root / "words.sql"
    file.write_text(
        file.read_text().replace("max_output_tokens", "request_extra = {'cachedContent': 'c'}, max_output_tokens")
    )
    said = cloud.say("run", "words.sql")
    assert said.code == 1
    assert "words.sql:2:" in said.err
    assert "can't be used" in said.err
    assert cloud.server.calls == []
