"""What all tests share."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clouds import Cloud
from tests.wires import Wire

LIVE = Path(__file__).parent / "live"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite", action="store_true", help="write what comes out into the expectations under tests/cases"
    )
    group = parser.getgroup("live", "the suite that goes to Google Cloud, costs a cent or so, and drops what it made")
    group.addoption("--live", action="store_true", help="run that suite, and no other")
    group.addoption("--project", help="the project that pays")
    group.addoption("--dataset", help="a dataset that is there")
    group.addoption("--location", default="global", help="where the model answers")
    group.addoption("--model", default="gemini-3.5-flash-lite", help="the model that answers")
    group.addoption("--endpoint", help="a server in Google's place")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("live") and not (config.getoption("project") and config.getoption("dataset")):
        raise pytest.UsageError("--live needs --project P and --dataset D")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With --live that suite is collected, without it all others."""
    if collection_path.is_dir():
        return None
    return True if (LIVE in collection_path.parents) != config.getoption("live") else None


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A project with a target on the loopback server."""
    with Cloud.opened(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """The Developer API, and its client, which waits for less long than usual before it sends a chunk again."""
    monkeypatch.setattr("google.genai._api_client.INITIAL_RETRY_DELAY", 0.01)
    with Wire.opened(tmp_path) as opened:
        yield opened


@pytest.fixture
def without_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that nobody has told who its user is on Google Cloud."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "nothing"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


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
