"""What all tests share."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite", action="store_true", help="write what comes out into the expectations under tests/cases"
    )


@pytest.fixture(scope="session")
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether expectations are written instead of compared; what changed is reviewed in the diff."""
    return bool(request.config.getoption("--rewrite"))
