"""BigQuery's Storage Read API v1 as its client uses it: results of queries, in Arrow, over gRPC on 127.0.0.1.

What is sent and said are the client's own messages, so that protobuf checks their shapes. Assumed without a source: the
number of streams (two, unless the client wants one), and how many rows there are in a message.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pyarrow
from google.cloud.bigquery_storage_v1 import types

from tests.loopback.bigquery import RESULTS, BigQuery

SERVICE = "google.cloud.bigquery.storage.v1.BigQueryRead"


class Storage:
    """The results of the queries of one project. After each of the first `breaks` messages a connection is lost."""

    def __init__(self, bigquery: BigQuery, breaks: int = 0) -> None:
        self.bigquery = bigquery
        self.breaks = breaks
        self.rows_read = 0
        self._sessions: dict[str, list[pyarrow.RecordBatch]] = {}
        self._server = grpc.server(ThreadPoolExecutor(4))
        handlers = {
            "CreateReadSession": grpc.unary_unary_rpc_method_handler(
                self._create, types.CreateReadSessionRequest.deserialize, types.ReadSession.serialize
            ),
            "ReadRows": grpc.unary_stream_rpc_method_handler(
                self._read, types.ReadRowsRequest.deserialize, types.ReadRowsResponse.serialize
            ),
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> Storage:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(0).wait()

    def _create(self, request: Any, context: grpc.ServicerContext) -> Any:
        if "bigquery.readsessions.create" in self.bigquery.rules.denied:
            words = "request failed: the user does not have 'bigquery.readsessions.create' permission for 'projects/p'"
            context.abort(grpc.StatusCode.PERMISSION_DENIED, words)
        _, project, _, dataset, _, table = request.read_session.table.split("/")
        assert (project, dataset) == (self.bigquery.project, RESULTS), request.read_session.table
        sql = self.bigquery.jobs[table]["configuration"]["query"]["query"]
        with self.bigquery.warehouse.stream(sql) as stream:
            batches = list(stream.batches)
            schema = stream.schema
        name = f"projects/{project}/locations/us/sessions/{table}"
        streams = 1 if request.max_stream_count == 1 else 2
        for number in range(streams):
            self._sessions[f"{name}/streams/{number}"] = batches[number::streams]
        return types.ReadSession(
            name=name, table=request.read_session.table, data_format=types.DataFormat.ARROW,
            arrow_schema=types.ArrowSchema(serialized_schema=schema.serialize().to_pybytes()),
            streams=[types.ReadStream(name=f"{name}/streams/{number}") for number in range(streams)],
        )  # fmt: skip

    def _read(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        start = 0
        for batch in self._sessions[request.read_stream]:
            if start >= request.offset:
                schema = types.ArrowSchema(serialized_schema=batch.schema.serialize().to_pybytes())
                self.rows_read += batch.num_rows
                yield types.ReadRowsResponse(
                    row_count=batch.num_rows,
                    arrow_schema=schema,
                    arrow_record_batch=types.ArrowRecordBatch(
                        serialized_record_batch=batch.serialize().to_pybytes(), row_count=batch.num_rows
                    ),
                )
                if self.breaks:
                    self.breaks -= 1
                    context.abort(grpc.StatusCode.UNAVAILABLE, "the connection was lost")
            start += batch.num_rows
