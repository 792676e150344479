"""A world for all tests of a process: it is set anew for each life."""

from collections.abc import Iterator

import pytest

from tests.faults.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("faults")).open() as world:
        yield world
