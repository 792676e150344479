"""A Gemini model that the Developer API is asked for request by request."""

from __future__ import annotations

from bqbatch import sqlfiles
from bqbatch.services import Job
from bqbatch.services.developer.rewrite import query_for_lines
from bqbatch.services.online import OnlineService


class DeveloperOnline(OnlineService):
    """As `OnlineService`, with requests in the form that the Developer API takes; one that has none is for it to refuse."""

    def asked(self, job: Job) -> str:
        lines = query_for_lines(self._warehouse, job.requests)
        return f"(\n{sqlfiles.render('developer/asked', lines=lines, requests=job.requests)}\n)"
