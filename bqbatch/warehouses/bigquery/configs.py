"""What jobs of BigQuery are told beside their SQL or their file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.cloud import bigquery

_PARAMETERS = {int: "INT64", float: "FLOAT64", bool: "BOOL"}
_FORMATS = {".csv": "CSV", ".jsonl": "NEWLINE_DELIMITED_JSON", ".parquet": "PARQUET"}


def query_config(
    dataset: str,
    parameters: Mapping[str, Any],
    labels: Mapping[str, str],
    maximum_bytes_billed: int | None,
    **more: Any,
) -> bigquery.QueryJobConfig:
    """Of a query with `dataset`, `project.name`, as the one of tables that name none; values that JSON has as parameters."""
    from google.cloud import bigquery

    made = [
        bigquery.ScalarQueryParameter(name, _PARAMETERS.get(type(value), "STRING"), value)
        for name, value in parameters.items()
    ]
    if maximum_bytes_billed is not None:  # None would be sent as a text
        more["maximum_bytes_billed"] = maximum_bytes_billed
    return bigquery.QueryJobConfig(default_dataset=dataset, query_parameters=made, labels=dict(labels), **more)


def load_config(
    path: Path, labels: Mapping[str, str], disposition: str, table_label: str = ""
) -> bigquery.LoadJobConfig:
    """Of a load of a file, of the format that it is named for; the table it makes has `table_label`, if it is told one."""
    from google.cloud import bigquery

    kind = _FORMATS[path.suffix.lower()]
    config = bigquery.LoadJobConfig(
        source_format=kind, autodetect=True, labels=dict(labels), write_disposition=disposition
    )
    if table_label:
        # The client has no name for it: https://cloud.google.com/bigquery/docs/reference/rest/v2/Job
        config._properties["load"]["destinationTableProperties"] = {"labels": {table_label: "file"}}
    if kind == "CSV":
        config.skip_leading_rows = 1
        config.allow_quoted_newlines = True
    return config
