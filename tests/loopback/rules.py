"""What Google or an administrator has set on a project: who may do what, what stands where, what is used up.

Sources of the words: errors that users of BigQuery and Vertex AI report. Assumed without a source: the words for a
location that does not match, that a dataset is read-only where its tables may not be made or changed, and that a
project nobody knows is not found (BigQuery) or refused (Vertex AI).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.loopback.http import Refusal

_CHANGES = {"bigquery.tables.create", "bigquery.tables.updateData", "bigquery.tables.update", "bigquery.tables.delete"}
MOST_QUERY = 1024 * 1024
"""The most characters of a query: https://cloud.google.com/bigquery/quotas#query_jobs."""


@dataclass
class Rules:
    """The settings of one project. Datasets are named `llm`, tables `llm.words`, APIs `bigquery`.

    `denied` are permissions nobody has, `disabled` APIs that are off, `used_up` methods whose quota is, by discovery id.
    `expirations` are seconds by dataset, `keys` KMS keys by dataset, `tags` policy tags by table and column, `secured`
    tables with row access policies, `sizes` bytes by table.
    """

    denied: set[str] = field(default_factory=set)
    disabled: set[str] = field(default_factory=set)
    used_up: set[str] = field(default_factory=set)
    read_only: set[str] = field(default_factory=set)
    secured: set[str] = field(default_factory=set)
    expirations: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def check_call(self, method: str, project: str, known: str) -> None:
        """Refuses a call to an API that is off, to a project that is not there, or beyond a quota."""
        api, _, _ = method.partition(".")
        titles = {"bigquery": "BigQuery API", "aiplatform": "Vertex AI API"}
        if api in self.disabled:
            console = f"https://console.developers.google.com/apis/api/{api}.googleapis.com/overview?project={project}"
            raise Refusal(
                403, "accessNotConfigured",
                f"{titles[api]} has not been used in project {project} before or it is disabled. Enable it by visiting "
                f"{console} then retry. If you enabled this API recently, wait a few minutes for the action to "
                "propagate to our systems and retry.", "PERMISSION_DENIED",
            )  # fmt: skip
        if project != known and api == "bigquery":
            raise Refusal(404, "notFound", f"Not found: Project {project}", "NOT_FOUND")
        if project != known:
            raise Refusal(403, "forbidden", f"Permission denied on resource project {project}.", "PERMISSION_DENIED")
        if method in self.used_up and api == "bigquery":
            raise Refusal(
                403, "quotaExceeded",
                "Quota exceeded: Your project exceeded quota for queries. For more information, see "
                "https://cloud.google.com/bigquery/docs/troubleshoot-quotas", "PERMISSION_DENIED",
            )  # fmt: skip
        if method in self.used_up:
            raise Refusal(
                429, "rateLimitExceeded",
                "Quota exceeded for aiplatform.googleapis.com/batch_prediction_requests with base model: gemini. "
                "Please submit a quota increase request.", "RESOURCE_EXHAUSTED",
            )  # fmt: skip

    def need(self, permission: str, kind: str, path: str) -> None:
        """Refuses what a permission is missing for; `path` is `p`, `p:llm` or `p:llm.words`."""
        dataset = path.partition(":")[2].partition(".")[0]
        if permission not in self.denied and not (permission in _CHANGES and dataset in self.read_only):
            return
        if permission in ("bigquery.jobs.create", "bigquery.datasets.create"):
            words = f"User does not have {permission} permission in project {path}."
        elif permission == "bigquery.tables.getData":
            words = f"User does not have permission to query table {path}, or perhaps it does not exist."
        else:
            words = f"Permission {permission} denied on {kind.lower()} {path} (or it may not exist)."
        raise Refusal(403, "accessDenied", f"Access Denied: {kind} {path}: {words}", "PERMISSION_DENIED")

    def need_resource(self, permission: str, resource: str) -> None:
        """Refuses a call to Vertex AI that a permission is missing for."""
        if permission in self.denied:
            words = f"Permission '{permission}' denied on resource '//aiplatform.googleapis.com/{resource}' (or it may not exist)."
            raise Refusal(403, "forbidden", words, "PERMISSION_DENIED")

    def check_tags(self, table: str, columns: set[str], path: str) -> None:
        """Refuses to read columns with a policy tag, where nobody may."""
        for column, tag in self.tags.get(table, {}).items():
            if column in columns and "datacatalog.categories.fineGrainedGet" in self.denied:
                raise Refusal(
                    403, "accessDenied",
                    "Access Denied: BigQuery BigQuery: User has neither fine-grained reader nor masked get permission to "
                    f'get data protected by policy tag "{tag}" on column {path}.{column}.', "PERMISSION_DENIED",
                )  # fmt: skip


def check_labels(labels: Mapping[str, str]) -> None:
    """Refuses labels that Google does: https://cloud.google.com/bigquery/docs/labels-intro#requirements."""
    for key, value in labels.items():
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key) or not re.fullmatch(r"[a-z0-9_-]{0,63}", value):
            raise Refusal(400, "invalid", f'Label "{key}: {value}" is invalid.', "INVALID_ARGUMENT")
