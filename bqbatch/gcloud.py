"""What mends what Google Cloud refuses: the command to type, with the real project and account where they are known.

Roles: https://cloud.google.com/bigquery/docs/access-control and https://cloud.google.com/vertex-ai/docs/general/access-control.
"""

from __future__ import annotations

import re
from typing import Any

LOGIN = "gcloud auth application-default login"
NO_CREDENTIALS = "there are no Google Cloud credentials on this machine"
_ROLES = {
    "aiplatform.": "aiplatform.user",
    "serviceusage.services.use": "serviceusage.serviceUsageConsumer",
    "datacatalog.categories.": "datacatalog.categoryFineGrainedReader",
    "bigquery.jobs.": "bigquery.user",
    "bigquery.readsessions.": "bigquery.readSessionUser",
    "bigquery.datasets.create": "bigquery.user",
    "bigquery.datasets.get": "bigquery.dataViewer",
    "bigquery.tables.get": "bigquery.dataViewer",
    "bigquery.tables.list": "bigquery.dataViewer",
    "bigquery.rowAccessPolicies.": "bigquery.dataOwner",
    "bigquery.": "bigquery.dataEditor",
}
"""The smallest usual role that has a permission, by how the permission begins; the first that fits."""
NOBODY_KNOWN = "user:$(gcloud config get account)"


def member_of(credentials: Any) -> str:
    """The account behind credentials, as IAM names it; where they do not tell, whoever gcloud knows."""
    email = getattr(credentials, "service_account_email", None)
    if email and email != "default":
        return f"serviceAccount:{email}"
    account = getattr(credentials, "account", None)
    return f"user:{account}" if account else NOBODY_KNOWN


def grant(project: str, permission: str, member: str) -> str:
    """The command that gives a member the role with a permission."""
    role = next(role for begins, role in (*_ROLES.items(), ("", "bigquery.user")) if permission.startswith(begins))
    return f'gcloud projects add-iam-policy-binding {project} --member="{member}" --role=roles/{role}'


def refused(message: str, project: str, member: str, api: str) -> str:
    """What mends a refusal (HTTP 403): an API that is off, billing, a quota, or a permission that is missing.

    `api` is the refusing service's name, such as `bigquery.googleapis.com`. The project is the one that the message
    names, else `project`; the permission is bigquery.tables.getData where none is named, as for tables of others.
    """
    if re.search(r"has not been used in project|API .*disabled|SERVICE_DISABLED", message):
        return f"gcloud services enable {api} --project={project}"
    if re.search(r"\bbilling\b", message, re.IGNORECASE):
        return f"link a billing account: https://console.cloud.google.com/billing/linkedaccount?project={project}"
    if re.search(r"\bquota\b", message, re.IGNORECASE):
        return quota(project)
    if re.search(r"Permission denied on resource project", message):
        return "is `project` of the target right? gcloud projects list"
    permission = re.search(r"\b((?:bigquery|aiplatform|serviceusage|datacatalog)\.\w+\.\w+)\b", message)
    named = re.search(r"\b(?:Project|Dataset|Table|View|project|dataset|projects/) ?`?([a-z][a-z0-9-]+)\b", message)
    wanted = permission[1] if permission else "bigquery.tables.getData"
    if "policy tag" in message:
        wanted = "datacatalog.categories.fineGrainedGet"
    return grant(named[1] if named else project, wanted, member)


def quota(project: str) -> str:
    """What to do about a quota that is used up."""
    return (
        "run again later, nothing is lost; quotas are raised at "
        f"https://console.cloud.google.com/iam-admin/quotas?project={project}"
    )


def unauthenticated(error: Exception) -> tuple[str, str]:
    """The message and the hint for credentials that do not work: none, expired, or dated by a clock that is wrong."""
    said = str(error.args[0] if error.args else error).strip()
    if re.search(r"\biat\b|\bexp\b|timeframe|too early|clock", str(error)):
        return (
            f"Google Cloud does not take this machine's credentials: {said}",
            "is the clock of this machine right? `date -u` shows it; bqbatch doctor compares it with Google's",
        )
    if "default credentials" in said.lower():
        return NO_CREDENTIALS, LOGIN
    return f"Google Cloud does not know you: {said}", LOGIN
