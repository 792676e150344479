"""What the Developer API has not of Vertex AI's requests: the one table of rules by which a request is rewritten.

Request tables are in Vertex AI's form (aiplatform v1, revision 20261106), and so is what a hash is made of. The rules hold
where a request leaves for the Developer API, by `sql/developer/lines.sql`. What would change an answer is refused; what
would not is stripped. A name in snake_case means the same as in camelCase, to both services.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bqbatch import sqlfiles
from bqbatch.prompt.compile import Envelope

if TYPE_CHECKING:
    from bqbatch.warehouses import Warehouse

_SDK = "google-genai 2.34.0, *_to_mldev"
_DIFF = "aiplatform v1 rev. 20261106 has it, google-ai-generativelanguage 0.12.1 has not"
_ENUM = "the value is in aiplatform v1 rev. 20261106, and not in google-ai-generativelanguage 0.12.1"
_ANYWHERE = ".**"


@dataclass(frozen=True, slots=True)
class Rule:
    """One field that the Developer API has not, or takes otherwise.

    `path` leads there through objects (`.`), the items of arrays (`[]`) and JSON at any depth (`**`). A `strip` takes the
    field away, or the item of an array whose field has such a value; a `rename` moves it to the name `to`; a `refuse` lets
    the request not leave; a `keep` is for a field that only the schemas' difference names. `value` is a pattern (RE2) of a
    text, and the rule holds for those that match from their start; `written` is one of JSON text, for what stands at any
    depth: a property of a schema may be called as a keyword is, but its value is an object then.
    """

    path: str
    action: Literal["strip", "rename", "refuse", "keep"]
    why: str
    source: str
    to: str = ""
    value: str = ""
    written: str = ""

    @property
    def steps(self) -> tuple[str, ...]:
        """The path cut at its arrays; an empty last step is the item itself."""
        return tuple(step.strip(".") for step in self.path.partition(_ANYWHERE)[0].split("[]"))

    @property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """The JSONPaths of each step, in every spelling."""
        return tuple(map(json_paths, self.steps))

    @property
    def names(self) -> tuple[str, ...]:
        """The name of the field, in each spelling; some text of a request has one of them wherever the rule may hold."""
        name = re.split(r"[.\[\]]+", self.path.removesuffix("[]").removesuffix(_ANYWHERE))[-1]
        return (name, f"${name}") if name in _KEYWORDS else _spellings(name)

    @property
    def top(self) -> str:
        """The name of the request's field that it stands in, or is."""
        return re.split(r"[.\[]", self.path)[0]

    @property
    def guard(self) -> str:
        """A pattern (RE2) that the JSON text of a request has wherever the rule may hold."""
        if self.written:
            return self.written
        names = "|".join(self.names)
        if self.path.endswith("[]"):
            return f'"{self.value}"'
        return f'"(?:{names})":' + (f'"{self.value}' if self.value else "")


def _spellings(name: str) -> tuple[str, ...]:
    snake = re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name)
    return (name,) if snake == name else (name, snake)


@dataclass(slots=True)
class Node:
    """An object of a request as it is written anew: without what is `removed`, and items of which a text is `dropped`.

    Fields that need more than that are children of their own, and `renamed` ones get another name. All paths are JSONPaths
    in each spelling. `rules` are those that hold in it.
    """

    name: str = ""
    is_array: bool = False
    rules: list[Rule] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    dropped: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    renamed: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    @property
    def paths(self) -> tuple[str, ...]:
        """Where it stands in the object around it."""
        return json_paths(self.name)

    @property
    def guard(self) -> str:
        """A pattern (RE2) that JSON text has wherever a rule of it may hold."""
        return guard(self.rules)

    @property
    def gone(self) -> tuple[str, ...]:
        """The JSONPaths of all that is not copied as it is."""
        children = itertools.chain.from_iterable(child.paths for child in self.children)
        return (*self.removed, *children, *(path for _, paths in self.renamed for path in paths))

    def child(self, name: str, *, is_array: bool) -> Node:
        found = next((child for child in self.children if child.name == name), None)
        if found is None:
            self.children.append(found := Node(name, is_array))
        return found

    def add(self, rule: Rule, steps: tuple[str, ...]) -> None:
        """Adds what a rule does, at these steps from here."""
        self.rules.append(rule)
        around, _, name = steps[0].rpartition(".")
        if len(steps) > 1:
            self.child(steps[0], is_array=True).add(rule, steps[1:])
        elif rule.to and around:
            self.child(around, is_array=False).add(rule, (name,))
        elif rule.to:
            self.renamed.append((rule.to, json_paths(name)))
        elif rule.value:
            self.dropped.append((json_paths(steps[0]), rule.value))
        else:
            self.removed.extend(json_paths(steps[0]))


def guard(rules: Iterable[Rule]) -> str:
    """A pattern (RE2) that the JSON text of a request has wherever one of the rules may hold."""
    return "|".join(dict.fromkeys(rule.guard for rule in rules))


@functools.cache
def json_paths(chain: str) -> tuple[str, ...]:
    """The JSONPaths of a chain of fields, each name in both of its spellings; `$` for an empty one."""
    names = map(_spellings, chain.split(".")) if chain else ()
    return tuple(".".join(("$", *spelled)) for spelled in itertools.product(*names))


_NAMED = "the name of a file is a label for people"
_IDS = "an id that nothing of a request refers to"
_SEARCH = "the Developer API searches by googleSearch and googleMaps alone"
_LIMITS = "it would search without this limit"
_IMAGE = "it would draw without this setting"
_VOICE = "the Developer API has prebuilt voices only"
_KEYWORD = "the Developer API's Schema has no such keyword"
_PART = "contents[].parts[]."
_CONFIG = "generationConfig."
_VOICES = (f"{_CONFIG}speechConfig.", f"{_CONFIG}speechConfig.multiSpeakerVoiceConfig.speakerVoiceConfigs[].")
_SCHEMAS = (f"{_CONFIG}responseSchema", *(f"tools[].functionDeclarations[].{of}" for of in ("parameters", "response")))
_KEYWORDS = {
    # A property of that name would have an object as its value, and a definition's name starts with a capital.
    "additionalProperties": '"additionalProperties":(?:true|false)',
    "ref": r'"\$?ref":"',
    "defs": r'"\$?defs":\{"[A-Z]',
}
_JSON_SCHEMA = "|".join((
    r'"\$\w+":"', '"(?:oneOf|allOf|prefixItems|type)":\\[', '"(?:additionalProperties|uniqueItems)":(?:true|false)',
    '"const":["0-9tfn-]', '"exclusiveM(?:in|ax)imum":[0-9-]', '"multipleOf":[0-9]',
))  # fmt: skip

_TABLE: tuple[Rule, ...] = (
    Rule("labels", "strip", "they are for Google Cloud's bills",
         "not in the v1beta discovery document of 2026-08; google-genai 2.19 refuses it"),
    Rule("modelArmorConfig", "refuse", "Model Armor would not look at it", _SDK),
    Rule("outputConfig", "refuse", "there is no Cloud Storage to write to", _SDK),
    Rule("continuationToken", "refuse", "what Vertex AI began can't be continued there",
         "not in the v1beta discovery document of 2026-08"),
    Rule("cachedContent", "refuse", "a cache of Google Cloud is not there", "the resource's name is a project's",
         value="projects/"),
    Rule(f"{_PART}fileData.fileUri", "refuse", "files in Cloud Storage can't be read: give the address of a file that "
         "was uploaded to the Developer API, or of a video on YouTube",
         "ai.google.dev/gemini-api/docs/files; google-genai 2.34.0 refuses gcs_uri", value="gs://"),
    Rule(f"{_PART}fileData.displayName", "strip", _NAMED, _DIFF),
    Rule(f"{_PART}inlineData.displayName", "strip", _NAMED, _DIFF),
    Rule(f"{_PART}codeExecutionResult.id", "strip", _IDS, _DIFF),
    Rule(f"{_PART}executableCode.id", "strip", _IDS, _DIFF),
    Rule(f"{_PART}functionCall.willContinue", "strip", "a call in a batch is whole", _SDK),
    Rule(f"{_PART}functionCall.partialArgs", "refuse", "a call has its args in one piece", _SDK),
    Rule(f"{_PART}functionResponse.parts[].fileData", "refuse", "a function's answer has inlineData only", _DIFF),
    Rule(f"{_PART}functionResponse.parts[].inlineData.displayName", "refuse", "the answer may refer to it", _DIFF),
    Rule(f"{_CONFIG}routingConfig", "refuse", "the model that is named answers, and no other", _SDK),
    Rule(f"{_CONFIG}audioTimestamp", "refuse", "times in sound would be told otherwise", _SDK),
    Rule(f"{_CONFIG}imageConfig.imageOutputOptions", "refuse", _IMAGE, _SDK),
    Rule(f"{_CONFIG}imageConfig.personGeneration", "refuse", _IMAGE, _SDK),
    Rule(f"{_CONFIG}imageConfig.prominentPeople", "refuse", _IMAGE, _SDK),
    *(Rule(f"{path}voiceConfig.{field}", "refuse", _VOICE, _DIFF)
      for path in _VOICES for field in ("replicatedVoiceConfig", "voice")),
    Rule(f"{_CONFIG}responseModalities[]", "refuse", "the Developer API's batches make no videos", _ENUM,
         value="VIDEO"),
    Rule(f"{_CONFIG}responseJsonSchema.**", "refuse", "the Developer API's batches break responseJsonSchema, "
         "and responseSchema has no such keyword", "github.com/crmne/ruby_llm/issues/894 (2026-08)",
         written=_JSON_SCHEMA),
    Rule(f"{_CONFIG}responseJsonSchema", "rename", "the Developer API's batches break it",
         "github.com/crmne/ruby_llm/issues/894 (2026-08)", to="responseSchema"),
    *(Rule(f"{schema}{_ANYWHERE}.{keyword}", "refuse", _KEYWORD, _DIFF, written=pattern)
      for schema in _SCHEMAS for keyword, pattern in _KEYWORDS.items()),
    Rule("safetySettings[].method", "strip", "the Developer API has one way to block", _SDK),
    Rule("safetySettings[].category", "strip", "the Developer API does not block by this category", _ENUM,
         value="HARM_CATEGORY_(?:IMAGE_|JAILBREAK)"),
    Rule("tools[].retrieval", "refuse", _SEARCH, _SDK),
    Rule("tools[].enterpriseWebSearch", "refuse", _SEARCH, _SDK),
    Rule("tools[].exaAiSearch", "refuse", _SEARCH, _SDK),
    Rule("tools[].parallelAiSearch", "refuse", _SEARCH, _SDK),
    Rule("tools[].googleSearch.excludeDomains", "refuse", _LIMITS, _SDK),
    Rule("tools[].googleSearch.blockingConfidence", "refuse", _LIMITS, _SDK),
    Rule("tools[].googleSearch.searchTypes", "keep", "the Developer API takes it", f"{_SDK} sends it"),
    Rule("tools[].googleMaps.groundingTypes", "refuse", _LIMITS, _SDK),
    Rule("tools[].computerUse.disabledSafetyPolicies", "refuse", "it would act by policies that are off here", _DIFF),
    Rule("tools[].computerUse.enablePromptInjectionDetection", "refuse", "it would act without this guard", _DIFF),
    Rule("tools[].computerUse.environment", "refuse", "the Developer API uses browsers only", _ENUM,
         value="ENVIRONMENT_(?:MOBILE|DESKTOP)"),
    Rule("toolConfig.functionCallingConfig.streamFunctionCallArguments", "strip", "nothing is streamed in a batch",
         _SDK),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules that may hold for some requests, as `sql/developer/` takes them."""

    table: tuple[Rule, ...]

    @classmethod
    def of(cls, envelope: Envelope, form: str) -> Rules:
        """The rules that may hold for a prompt's requests: of a text alone, its envelope is all there is beside it."""
        if form in ("contents", "request"):
            return RULES
        made = "{" + envelope.closing_sent.removeprefix(",")
        of_rows = (f"{_PART}fileData.fileUri",) if form == "parts" else ()
        return cls(tuple(rule for rule in RULES.table if rule.path in of_rows or re.search(rule.guard, made)))

    def among(self, fields: Iterable[str]) -> Rules:
        """Those of the rules that may hold where only fields of these names are."""
        found = set(fields)
        return Rules(tuple(rule for rule in self.table if found.intersection(rule.names)))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields that a rule is about."""
        return tuple(dict.fromkeys(name for rule in self.table for name in rule.names))

    @property
    def changing(self) -> tuple[Rule, ...]:
        """The rules that change a request."""
        return tuple(rule for rule in self.table if rule.action in ("strip", "rename"))

    @property
    def refusing(self) -> tuple[Rule, ...]:
        """The rules that let a request not leave."""
        return tuple(rule for rule in self.table if rule.action == "refuse")

    @property
    def root(self) -> Node:
        """What strips and renames come to: the request as it is written anew."""
        root = Node()
        for rule in self.changing:
            root.add(rule, rule.steps)
        return root

    @property
    def guards(self) -> tuple[tuple[str, str], ...]:
        """The fields of a request that something may be refused in, each with a pattern that the text has then."""
        tops = dict.fromkeys(rule.top for rule in self.refusing)
        return tuple((top, guard(rule for rule in self.refusing if rule.top == top)) for top in tops)


RULES = Rules(_TABLE)
"""All of them: what may hold for requests of which nothing is known."""


def rules_of(warehouse: Warehouse, requests: str, rules: Rules = RULES) -> Rules:
    """Those of the rules that may hold for the requests of a table: all of them would make a long query."""
    if not rules.table:
        return rules
    found = warehouse.read(sqlfiles.render("developer/fields", requests=requests, rules=rules))
    return rules.among(row["field"] for row in found)


def query_for_lines(warehouse: Warehouse, requests: str, rules: Rules = RULES) -> str:
    """The query for the lines of requests as they leave, and for why some have none."""
    return sqlfiles.render("developer/lines", requests=requests, rules=rules_of(warehouse, requests, rules))
