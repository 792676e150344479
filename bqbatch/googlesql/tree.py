"""Trees as the module gives them: read piece by piece, since most are deeper than protobuf agrees to decode."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.message_factory import GetMessageClass  # type: ignore[import-untyped]
from sqlglot import exp
from zetasql.wasi._pb2.zetasql.public import type_pb2

Message = Any  # protobuf messages and their descriptors come without types
Node = tuple[str, Message, bytes]  # the field a message is in, its descriptor, its bytes


def fields(node: Node) -> Iterator[Node]:
    """Yields the messages directly inside a message."""
    _, kind, data = node
    at = 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            number |= (data[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 0x80:
                return number

    while at < len(data):
        key = varint()
        wire = key & 7
        size = varint() if wire in (0, 2) else 8 if wire == 1 else 4
        if wire == 2:
            field = kind.fields_by_number.get(key >> 3)
            if field is not None and field.message_type is not None:
                yield field.name, field.message_type, data[at : at + size]
        at += 0 if wire == 0 else size


def members(node: Node) -> Iterator[Node]:
    """Yields the messages directly inside a node of a tree, and inside the node it extends."""
    for field in fields(node):
        if field[0] == "parent":
            yield from members(field)
        else:
            yield field


def within(node: Node, name: str) -> Iterator[Node]:
    """Yields the outermost messages of one name anywhere inside a message, in the order of the tree."""
    ahead = [node]
    while ahead:
        node = ahead.pop()
        if node[1].name == name:
            yield node
        else:
            ahead.extend(reversed(list(fields(node))))


def decoded(node: Node) -> Message:
    """Gives a message that is not too deep to decode."""
    return GetMessageClass(node[1]).FromString(node[2])


def location(node: Node) -> tuple[int, int]:
    """Gives where a node's text starts and ends, in bytes."""
    [place] = (decoded(part) for part in members(node) if part[0] == "parse_location_range")
    return place.start, place.end


def columns(parts: Sequence[Node]) -> list[tuple[str, Message]]:
    """Gives name and type of the columns that a statement creates, yields or fills."""
    for wanted in ("column_definition_list", "output_column_list", "insert_column_list"):
        if found := [decoded(part) for part in parts if part[0] == wanted]:
            names = [re.sub(r"^(\$col\d+)?$", f"$col{at}", column.name) for at, column in enumerate(found, 1)]
            return list(zip(names, (getattr(column, "column", column).type for column in found), strict=True))
    return []


def kind_name(kind: Message) -> str:
    """Gives the name of a type's kind, as in DOUBLE or STRUCT."""
    return str(type_pb2.TypeKind.Name(kind.type_kind)).removeprefix("TYPE_")


def type_name(kind: Message) -> str:
    """Gives a type as the text one would declare it with."""
    name = kind_name(kind)
    if name == "ARRAY":
        return f"ARRAY<{type_name(kind.array_type.element_type)}>"
    if name == "RANGE":
        return f"RANGE<{type_name(kind.range_type.element_type)}>"
    if name == "STRUCT":
        inner = [f"{quoted(field.field_name)} {type_name(field.field_type)}" for field in kind.struct_type.field]
        return f"STRUCT<{', '.join(map(str.strip, inner))}>"
    return "FLOAT64" if name == "DOUBLE" else name


def quoted(name: str) -> str:
    """Gives a field's name as it stands in a type, in backticks where GoogleSQL needs them."""
    return exp.to_identifier(name).sql(dialect="bigquery") if name else ""
