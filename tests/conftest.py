"""What all tests share."""

from collections import Counter

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite", action="store_true", help="write what comes out into the expectations under tests/cases"
    )


@pytest.fixture(scope="session")
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether expectations are written instead of compared; what changed is reviewed in the diff."""
    return bool(request.config.getoption("--rewrite"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what was tried how often: `record_property` brings the numbers home from whatever process."""
    tried: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            properties = getattr(report, "user_properties", ()) if getattr(report, "when", "") == "call" else ()
            tried.update({name: number for name, number in properties if isinstance(number, int)})
    if tried:
        said = ", ".join(f"{number:,} {name}" for name, number in tried.items())
        terminalreporter.write_line(f"tried: {said}")
