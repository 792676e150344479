"""`doctor` on Google Cloud: the real clients, through the command line, over the loopback server."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from bqbatch.doctor.cloud import cloud_checks
from bqbatch.names import Dataset
from bqbatch.project import Project, Target
from bqbatch.prompt.settings import Settings
from bqbatch.services.models import MODELS, advice, residence
from bqbatch.session import Session
from tests.clouds import Cloud
from tests.targets import PROMPT

GRANT = 'gcloud projects add-iam-policy-binding proj --member="user:$(gcloud config get account)" --role=roles/'


def looked(cloud: Cloud, *file: str) -> dict[str, tuple[str, str, str]]:
    """State, what was seen and the hint of each check by its name; of several by one name the last."""
    said = cloud.say("doctor", *file, "--format", "json")
    checks = json.loads(said.out)
    assert said.code == int("broken" in [check["state"] for check in checks]), said.err
    assert all(check["hint"] for check in checks if check["state"] != "ok")
    return {check["name"]: (check["state"], check["seen"], check["hint"] or "") for check in checks}


def test_a_healthy_target_is_well_and_nothing_is_changed(cloud: Cloud) -> None:
    found = looked(cloud, "words.sql")
    assert {name: state for name, (state, _, _) in found.items()} == dict.fromkeys(
        ("python", "packages", "project", "target", "prompt", "credentials", "dataset", "clock", "expiration", "encryption",
         "permissions", "vertex ai", "location", "model", "sources", "warehouse", "claims", "leftovers", "which one"), "ok",
    )  # fmt: skip
    assert found["dataset"][1] == "proj.llm is in US"
    assert found["sources"][1] == "not looked at: the first run loads words.csv"
    assert cloud.vertex.bigquery.jobs == {}
    assert cloud.vertex.bigquery.warehouse.list_tables() == ()
    cloud.run()
    found = looked(cloud, "words.sql")
    assert {state for state, _, _ in found.values()} == {"ok"}
    assert found["sources"][1].startswith("proj.llm.seed_words")
    assert found["leftovers"][1] == "nothing is left behind"


@pytest.mark.parametrize(
    ("permission", "check", "role"),
    [
        ("bigquery.datasets.get", "dataset", "bigquery.dataViewer"),
        ("bigquery.jobs.create", "permissions", "bigquery.user"),
        ("bigquery.tables.create", "permissions", "bigquery.dataEditor"),
        ("aiplatform.batchPredictionJobs.list", "vertex ai", "aiplatform.user"),
    ],
)
def test_a_permission_that_is_missing_is_found_with_the_command_that_grants_it(
    permission: str, check: str, role: str, cloud: Cloud
) -> None:
    cloud.rules.denied.add(permission)
    state, seen, hint = looked(cloud)[check]
    assert (state, permission in seen) == ("broken", True)
    assert hint == GRANT + role


def test_what_may_not_be_done_to_the_tables_of_a_run_is_found(cloud: Cloud) -> None:
    cloud.run()
    cloud.rules.denied.add("bigquery.tables.updateData")
    assert looked(cloud)["permissions"] == (
        "broken", "missing on proj.llm.bqbatch_log: bigquery.tables.updateData", GRANT + "bigquery.dataEditor",
    )  # fmt: skip


@pytest.mark.parametrize(("api", "check"), [("bigquery", "dataset"), ("aiplatform", "vertex ai")])
def test_an_api_that_is_off_is_found(api: str, check: str, cloud: Cloud) -> None:
    cloud.rules.disabled.add(api)
    state, seen, hint = looked(cloud)[check]
    assert (state, "is disabled" in seen) == ("broken", True)
    assert hint == f"gcloud services enable {api}.googleapis.com --project=proj"


def test_a_dataset_that_is_not_there_is_found(cloud: Cloud) -> None:
    cloud.configure(dataset="proj.lmm")
    state, _, hint = looked(cloud)["dataset"]
    assert (state, hint.endswith("bq --location=US mk --dataset proj:lmm")) == ("broken", True)


@pytest.mark.parametrize(
    ("location", "dataset", "state", "seen"),
    [
        ("global", "EU", "warning", "at `global` a model may answer anywhere"),
        ("global", "europe-west1", "warning", "at `global` a model may answer anywhere"),
        ("us-central1", "US", "broken", "jobs at us-central1 read datasets in us-central1 only"),
        ("eu", "EU", "ok", "models at eu may read rows in EU"),
    ],
)
def test_where_rows_are_and_where_they_are_answered_is_compared(
    location: str, dataset: str, state: str, seen: str, cloud: Cloud
) -> None:
    cloud.configure(location=location)
    cloud.vertex.bigquery.datasets["llm"] = dataset
    found = looked(cloud)["location"]
    assert (found[0], seen in found[1]) == (state, True)


def test_what_a_dataset_does_to_its_tables_by_default_is_found(cloud: Cloud) -> None:
    cloud.rules.expirations["llm"] = 2 * 86_400
    cloud.rules.keys["llm"] = "projects/proj/locations/us/keyRings/ring/cryptoKeys/key"
    found = looked(cloud)
    assert found["expiration"][0] == "warning"
    assert "expire after 48 hours" in found["expiration"][1]
    assert found["expiration"][2] == "bq update --default_table_expiration 0 proj:llm"
    assert (found["encryption"][0], "cryptoKeys/key" in found["encryption"][1]) == ("warning", True)
    cloud.rules.expirations["llm"] = 60 * 86_400
    assert looked(cloud)["expiration"][0] == "ok"


@pytest.mark.parametrize(("ahead", "said"), [(7200.0, "behind"), (-7200.0, "ahead of")])
def test_a_clock_that_is_wrong_is_found(ahead: float, said: str, cloud: Cloud) -> None:
    cloud.server.ahead = ahead
    state, seen, _ = looked(cloud)["clock"]
    assert state == "broken"
    assert f"seconds {said} Google's" in seen


def test_what_guards_a_source_is_found(cloud: Cloud) -> None:
    for name in ("people", "sales", "plain"):
        cloud.vertex.bigquery.warehouse.load(cloud.folder.root / "words.csv", f"`llm.{name}`")
    cloud.rules.tags["llm.people"] = {"word": "projects/proj/locations/us/taxonomies/1/policyTags/2"}
    cloud.rules.secured.add("llm.sales")
    for name, seen in (
        ("people", "proj.llm.people has policy tags on word"),
        ("sales", "proj.llm.sales has row access policies"),
        ("plain", "proj.llm.plain: may be read, without policy tags or row access policies"),
    ):
        cloud.folder.write("words.sql", PROMPT.replace("{{ seed('words.csv') }}", f"llm.{name}"))
        found = looked(cloud, "words.sql")["sources"]
        assert (found[0], found[1]) == ("ok" if name == "plain" else "warning", seen)
    cloud.rules.denied.add("bigquery.rowAccessPolicies.list")
    assert "may not see if it has row access policies" in looked(cloud, "words.sql")["sources"][1]
    cloud.rules.denied.add("bigquery.tables.getData")
    state, _, hint = looked(cloud, "words.sql")["sources"]
    assert (state, hint) == ("broken", GRANT + "bigquery.dataViewer")


def test_the_model_of_a_prompt_is_looked_at(cloud: Cloud) -> None:
    assert looked(cloud)["model"][1] == "each prompt names its own: doctor FILE looks at one"
    for model, state in (("gemini-2.5-pro", "warning"), ("gemini-3.5-flash", "ok"), ("gemini-3.7-flash", "ok")):
        cloud.folder.write("words.sql", PROMPT.replace("gemini-3.5-flash-lite", model))
        assert looked(cloud, "words.sql")["model"][0] == state
    assert "until 2027-01-28" in looked(cloud, "words.sql")["model"][1]


def test_a_prompt_that_is_wrong_is_told_at_its_place(cloud: Cloud) -> None:
    cloud.folder.write("words.sql", "SELECT 1 AS key, {{ nothing }}")
    found = looked(cloud, "words.sql")
    assert found["prompt"][0] == "broken"
    assert found["prompt"][1].startswith("words.sql:1:")
    assert found["vertex ai"][0] == "ok"


def test_credentials_that_are_missing_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    target = Target("prod", "vertex", Dataset("proj.llm"), Settings(), "proj")
    [check] = cloud_checks(Session(Project(tmp_path, target)), None)
    assert (check.name, check.state) == ("credentials", "broken")
    assert check.hint == "gcloud auth application-default login"


def test_a_server_that_is_gone_is_told(cloud: Cloud) -> None:
    cloud.configure(endpoint="http://127.0.0.1:9")
    found = looked(cloud)
    assert found["dataset"][0] == "broken"
    assert found["vertex ai"][0] == "broken"


TODAY = date(2026, 11, 23)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_that_is_served_where_it_is_said_to_be_needs_no_advice(model: str) -> None:
    for place in MODELS[model].places or ("us-central1",):
        assert (advice(model, place, TODAY) is None) != MODELS[model].is_gone(TODAY)
    assert all(name not in (advice("gemini-2.5-pro", "us", TODAY) or "") for name in ("3.6", "3.1-pro", "3.8"))


def test_where_a_job_may_read() -> None:
    assert residence("global", "US") is None
    assert residence("us", "US") is None
    assert residence("europe-west2", "europe-west2") is None
    assert (residence("eu", "US") or [None])[0] is True
    assert (residence("global", "europe-west2") or [None])[0] is False
