from __future__ import annotations

from typing import Any


def expected_output(output: Any, settings: Any, cap: int) -> tuple[int, int, int]:
    return 5, min(50, cap), min(200, cap)
