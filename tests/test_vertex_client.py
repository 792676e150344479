"""Vertex AI's client is imported alone, or whole where it can't be, and is the same client both ways."""

from __future__ import annotations

import subprocess
import sys

import pytest

ALONE = "from bqbatch.services.vertex_client import import_client; import_client()"
CHANGED = (
    "import bqbatch.services.vertex_client as v; v._PACKAGES = ('google.cloud.moved', *v._PACKAGES); v.import_client()"
)
WHOLE = "import google.cloud.aiplatform_v1; " + ALONE
USED = """
import sys
modules = sum(name.startswith("google.cloud.aiplatform_v1.") for name in sys.modules)
from google.auth.credentials import AnonymousCredentials
from google.cloud.aiplatform_v1.services.job_service import JobServiceClient
from google.cloud.aiplatform_v1.types.batch_prediction_job import BatchPredictionJob
JobServiceClient(transport="rest", credentials=AnonymousCredentials())
job = BatchPredictionJob({"display_name": "x", "labels": {"a": "b"}})
assert BatchPredictionJob.deserialize(BatchPredictionJob.serialize(job)) == job
from google.cloud import aiplatform_v1
assert aiplatform_v1.JobServiceClient is JobServiceClient
assert aiplatform_v1.types.BatchPredictionJob is aiplatform_v1.BatchPredictionJob is BatchPredictionJob
assert aiplatform_v1.ModelServiceClient(transport="rest", credentials=AnonymousCredentials())
print(modules)
"""


@pytest.mark.parametrize(
    ("how", "alone"),
    [(ALONE, True), (CHANGED, False), (WHOLE, False)],
    ids=["alone", "package changed", "package there"],
)
def test_the_client_works_however_it_was_imported(how: str, alone: bool) -> None:
    code = [sys.executable, "-W", "ignore", "-c", f"{how}\n{USED}"]
    done = subprocess.run(code, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (int(done.stdout) < 100) == alone
