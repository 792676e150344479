"""Amounts of US dollars: as they are said, and as people read them."""

from __future__ import annotations

import re
from decimal import Decimal

from bqbatch.errors import ProjectError

DEFAULT_MAX_COST = Decimal(10)
"""USD of one run, unless `--max-cost` or the setting `max_cost` says otherwise."""
MOST_USD = 1_000_000_000


def parse_max_cost(said: str) -> Decimal:
    """The dollars of `--max-cost`. Raises ProjectError."""
    text = said.strip().replace("_", "")
    amount = Decimal(text) if re.fullmatch(r"\d+(\.\d{0,6})?|\.\d{1,6}", text, re.ASCII) else Decimal(0)
    if not 0 < amount <= MOST_USD:
        raise ProjectError(
            f"--max-cost {said}: not an amount of dollars above 0",
            "write --max-cost 25, or 0.50: digits and a point, six decimals at most, without a currency sign",
        )
    return amount


def dollars(amount: Decimal) -> str:
    """An amount as people read it: cents, or two digits of what is less than ten of them."""
    if amount == 0 or abs(amount) >= Decimal("0.1"):
        return f"${amount:,.2f}"
    return f"${round(amount, 1 - amount.adjusted()):f}" if amount >= Decimal("0.000001") else "less than $0.000001"
