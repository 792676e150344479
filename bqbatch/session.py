"""What a command works with: the one door where a project, its warehouse and its service are born."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bqbatch.errors import Place, ServiceError
from bqbatch.prices import FREE, UNKNOWN, Price, hint_for, note_on_age, price_of
from bqbatch.project import MOST_REQUESTS, Project, load_project
from bqbatch.prompt.compile import CompiledPrompt, compile_prompt
from bqbatch.services.models import is_gemini

if TYPE_CHECKING:
    from bqbatch.run.script import Script
    from bqbatch.services import BatchService
    from bqbatch.services.developer import DeveloperService
    from bqbatch.services.online import OnlineService
    from bqbatch.services.vertex import VertexService
    from bqbatch.warehouses import Warehouse

LOCAL_MODEL = "smollm2"
ANSWERS_AS = {LOCAL_MODEL: "smollm2-135m", "simulated": "simulated"}


@dataclass(frozen=True, slots=True)
class Session:
    """A project, and the model that the command line names, if it does."""

    project: Project
    model: str | None = None
    simulate: str | None = None
    rehearsed: str | None = None
    """The model whose part is played, where this is a rehearsal."""

    @classmethod
    def open(
        cls, start: Path, target: str | None = None, model: str | None = None, simulate: str | None = None
    ) -> Session:
        """The session for a prompt file or a folder."""
        return cls(load_project(start if start.is_dir() else start.parent, target), model, simulate)

    def compile(self, path: Path, variables: Mapping[str, str], max_output_tokens: int | None = None) -> CompiledPrompt:
        """The compiled prompt file; `max_output_tokens` takes the place of the cap it sets."""
        project = self.project
        return compile_prompt(
            path, project.root, project.target.dataset, variables, project.target.defaults, max_output_tokens
        )

    def named_model(self, prompt: CompiledPrompt) -> str:
        """The model that is asked for: by the command line, the prompt, or the project."""
        return self.model or prompt.settings.model or LOCAL_MODEL

    def answering_model(self, prompt: CompiledPrompt) -> str:
        """The name of the model that answers on this target."""
        if self.project.target.type != "local":
            return self._gemini(prompt)
        named = self.named_model(prompt)
        if self.simulate is not None:
            return ANSWERS_AS["simulated"]
        if named in ANSWERS_AS:
            return ANSWERS_AS[named]
        if named.endswith(".gguf"):
            return Path(named).stem
        if named.startswith("gemini-"):
            return ANSWERS_AS[LOCAL_MODEL]
        known = [*ANSWERS_AS, "a path to a .gguf file", "a gemini-… name, answered by smollm2 here"]
        near = difflib.get_close_matches(named, ANSWERS_AS, n=1)
        raise ServiceError(
            f"the local target has no model `{named}`",
            f"did you mean `{near[0]}`?" if near else f"it has {', '.join(known)}",
            prompt.written_at(named) if not self.model else None,
        )

    def _gemini(self, prompt: CompiledPrompt) -> str:
        """The model that Google is asked for: none is taken for granted where it costs money."""
        named = self.model or prompt.settings.model
        if self.simulate is not None:
            raise ServiceError("--simulate makes answers up, on the local target only",
                               "leave --target out, or add --rehearse")  # fmt: skip
        if not named or named in ANSWERS_AS or named.endswith(".gguf"):
            raise ServiceError(
                f"the {self.project.target.name} target asks Gemini"
                + (f", not `{named}`" if named else ": which model?"),
                "--model gemini-3.5-flash-lite, or config(model = 'gemini-…')",
                prompt.written_at(named) if named and not self.model else None,
            )
        if not is_gemini(named):
            raise ServiceError(
                f"`{named}` is no Gemini model: batches of others have a form that bqbatch does not write",
                "gemini-…, or projects/…/locations/…/models/… for a Gemini model that you tuned",
                prompt.written_at(named) if not self.model else None,
            )
        for message, hint, place in self._refused_thinking(prompt):
            raise ServiceError(message, hint, place)
        return named

    def planned_model(self, prompt: CompiledPrompt) -> str:
        """The model that a plan is about: the one that is named, also where another answers in its place."""
        named = self.named_model(prompt)
        local = self.project.target.type == "local"
        return named if local and self.simulate is None and is_gemini(named) else self.answering_model(prompt)

    def rehearsed_model(self, prompt: CompiledPrompt) -> str:
        """The model that a rehearsal is about."""
        return replace(self, simulate=None).planned_model(prompt)

    def rehearsal(self, model: str, together: Iterable[str]) -> Session:
        """The session for a rehearsal of these prompts, where a model's part is played: with the limits that it has."""
        target = self.project.target
        if target.type == "local" and is_gemini(model):
            target = replace(target, shard_size=MOST_REQUESTS, in_flight=4)
        target = replace(target, dataset=target.dataset.rehearsal(together))
        return replace(self, project=replace(self.project, target=target), rehearsed=model)

    def for_developer(self, tier: int | None) -> Session:
        """The session for what leaves for the Gemini Developer API: the target's warehouse, and that service's limits."""
        target = self.project.target
        target = replace(
            target, type="developer", tier=tier or target.tier, shard_size=target.shard_size or MOST_REQUESTS
        )
        return replace(self, project=replace(self.project, target=target))

    def _refused_thinking(self, prompt: CompiledPrompt) -> Iterator[tuple[str, str, Place | None]]:
        """What the named model does not take of thinking settings, or has no answer with, and where that is said."""
        from bqbatch.services.models import cap_problem, thinking_problem

        named = self.named_model(prompt)
        if problem := thinking_problem(named, *prompt.settings.thinks):
            yield *problem, prompt.written_at("thinking")
        if problem := cap_problem(named, prompt.output_cap):
            by_option = "--max-output-tokens" in prompt.said
            places = map(prompt.written_at, ("max_output_tokens", "maxOutputTokens"))
            yield *problem, None if by_option else next(filter(None, places), None)

    def note_thinking(self, prompt: CompiledPrompt, note: Callable[[str], None]) -> None:
        """Tells `note` what thinking may do to the answers of the named model.

        On the local target, where another one answers in its place, that is also what the named one would refuse.
        """
        from bqbatch.services.models import thinking_note

        if prompt.columns and prompt.form(prompt.columns) == "request":
            return  # a whole request says itself how to think
        thinks = prompt.settings.thinks
        notes = [(f"{message}: {hint}", place) for message, hint, place in self._refused_thinking(prompt)
                 if self.project.target.type == "local"]  # fmt: skip
        if said := thinking_note(self.named_model(prompt), *thinks, prompt.output_cap, typed=bool(prompt.output)):
            notes.append((said, prompt.written_at("config(" if thinks == (None, None) else "thinking")))
        for text, place in notes:
            note(f"{place}: {text}" if place else text)

    def price(self, model: str, note: Callable[[str], None] = lambda _: None, *, online: bool = False) -> Price:
        """What the model costs today, in a batch or `online`; `note` is told where nobody knows, or has looked for long.

        What answers on this machine is free.
        """
        kind = self.project.target.type
        if kind == "local" and not is_gemini(model):
            return FREE
        today = datetime.now(UTC).date()
        service = "vertex" if kind == "local" else kind
        price = price_of(model, service, today, self.project.prices, online=online)
        if price is None:
            note(f"the price of {model} is not known: {hint_for(model, self.project.prices)}")
            return UNKNOWN
        if said := note_on_age(model, price, today):
            note(said)
        return price

    def warehouse(self) -> Warehouse:
        """The target's warehouse."""
        target = self.project.target
        if not target.is_embedded:
            from bqbatch.warehouses.bigquery import BigQueryWarehouse

            return BigQueryWarehouse(
                target.project, target.dataset.real, None, target.maximum_bytes_billed, target.endpoint
            )
        from bqbatch.warehouses.duckdb import DuckDBWarehouse

        return DuckDBWarehouse(self.project.warehouse_file, target.dataset.real.path)

    @property
    def is_begun(self) -> bool:
        """Whether the warehouse may hold something: a file of it is not made only to look into it."""
        return not self.project.target.is_embedded or self.project.warehouse_file.exists()

    def service_of(self, run: Script, warehouse: Warehouse) -> BatchService:
        """The service that a run asked, as the log names it: what it goes on with, without its file."""
        target, model, output = self.project.target, run.model, run.output
        if run.online and target.type != "local":
            return self.online(model, warehouse)
        if target.type != "local":
            return self.batches(model, warehouse)
        if model == ANSWERS_AS["simulated"]:
            from bqbatch.services.simulated import SimulatedService

            return SimulatedService(warehouse, output)
        if model == ANSWERS_AS[LOCAL_MODEL]:
            from bqbatch.services.llama import LlamaService

            return LlamaService(warehouse, None)
        raise ServiceError(f"`{model}` is a file of yours that the log does not name", "bqbatch run FILE goes on")

    def service(self, prompt: CompiledPrompt, warehouse: Warehouse, note: Callable[[str], None]) -> BatchService:
        """The service that answers a prompt."""
        if self.rehearsed is not None:
            return self._player(prompt, self.rehearsed, warehouse, note)
        if self.project.target.type != "local":
            return self.batches(self.answering_model(prompt), warehouse)
        named, answers = self.named_model(prompt), self.answering_model(prompt)
        if answers == "simulated":
            from bqbatch.services.simulated import SimulatedService, parse_faults

            return SimulatedService(warehouse, prompt.output, parse_faults(self.simulate or ""))
        from bqbatch.services.llama import LlamaService

        if prompt.has_files:
            raise ServiceError(
                f"{answers} reads text only, and this prompt shows it files",
                "--model simulated makes answers up; on the vertex target Gemini reads files",
                prompt.written_at("file("),
            )
        if named.endswith(".gguf"):
            return LlamaService(warehouse, Path(named))
        if named != LOCAL_MODEL:
            note(f"the local target has no {named}: {answers} answers in its place, and says so in _model")
        return LlamaService(warehouse, None)

    def _player(
        self, prompt: CompiledPrompt, model: str, warehouse: Warehouse, note: Callable[[str], None]
    ) -> BatchService:
        """Who plays the part of a model in a rehearsal."""
        from bqbatch.prompt.lengths import expected_output, expected_thoughts
        from bqbatch.services.models import MOST_OUTPUT_TOKENS
        from bqbatch.services.simulated import Part, SimulatedService, parse_faults

        if not is_gemini(model):
            note(f"{model} answers on this machine: a run of it costs nothing, and so does its rehearsal")
        thoughts = expected_thoughts(prompt.settings, model)
        answer = expected_output(prompt.output, prompt.settings, model, MOST_OUTPUT_TOKENS)
        part = Part(
            model, self.project.target.dataset, max(0, int(answer.likely - thoughts.likely)), int(thoughts.likely),
            int(thoughts.high) if thoughts.high < MOST_OUTPUT_TOKENS else None,
        )  # fmt: skip
        return SimulatedService(warehouse, prompt.output, parse_faults(self.simulate or ""), part)

    def batches(self, model: str, warehouse: Warehouse) -> BatchService:
        """The service that answers batches for a model, on a target that is not local."""
        return (
            self.developer(model, warehouse)
            if self.project.target.type == "developer"
            else self.vertex(model, warehouse)
        )

    def developer(self, model: str, warehouse: Warehouse) -> DeveloperService:
        """The service of a target of type developer, for a model."""
        from bqbatch.services.developer import DeveloperService
        from bqbatch.services.developer.account import DeveloperAccount

        return DeveloperService(warehouse, model, DeveloperAccount(self.project.target.endpoint))

    def vertex(self, model: str, warehouse: Warehouse) -> VertexService:
        """The service of a target of type vertex, for a model."""
        from bqbatch.services.vertex import VertexService

        target = self.project.target
        return VertexService(warehouse, target.project, target.location, model, target.endpoint)

    def online(self, model: str, warehouse: Warehouse) -> OnlineService:
        """What asks a Gemini model now, request by request; takes jobs as any service does."""
        from bqbatch.services.genai_client import VertexAccount
        from bqbatch.services.online import OnlineService

        if model.startswith("projects/"):
            raise ServiceError(
                f"`{model}` is a tuned model, and answers in batches only: one by one, its endpoint would",
                "bqbatch run --limit 20 asks it about a few rows",
            )
        target = self.project.target
        if target.type == "developer":
            from bqbatch.services.developer.account import DeveloperAccount
            from bqbatch.services.developer.online import DeveloperOnline

            return DeveloperOnline(warehouse, model, DeveloperAccount(target.endpoint))
        return OnlineService(warehouse, model, VertexAccount(target.project, target.location, target.endpoint))
