"""The client of BigQuery's Storage Read API: large results in Arrow over gRPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.cloud.bigquery_storage import BigQueryReadClient


def storage_client(credentials: Any, address: str | None, *, is_own: bool) -> BigQueryReadClient | None:
    """A client with these credentials, or one for the address of a server of one's own, None where it has no such part.

    BigQuery's other client leaves it alone where a result came whole by REST.
    """
    from google.cloud.bigquery_storage import BigQueryReadClient
    from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

    if not is_own:
        return BigQueryReadClient(credentials=credentials)  # type: ignore[no-untyped-call]
    if address is None:
        return None
    import grpc

    # The client has no setting for gRPC without TLS but this one.
    transport = BigQueryReadGrpcTransport(channel=grpc.insecure_channel(address))
    return BigQueryReadClient(transport=transport)  # type: ignore[no-untyped-call]
