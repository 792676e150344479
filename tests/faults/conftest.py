"""A world for each target, for all tests of a process: it is set anew for each life."""

from collections.abc import Iterator

import pytest

from tests.faults.world import World


@pytest.fixture(scope="session", params=["vertex", "developer"])
def world(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("faults"), request.param).open() as world:
        yield world
