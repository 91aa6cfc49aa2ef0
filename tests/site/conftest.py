import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from api.site.build import Built, build
from tests.conftest import BASE_URL, PROJECT


@pytest.fixture(scope="session")
def built(published: Path) -> Path:
    """The build itself. Read only."""
    return (published / "current").resolve()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the docs, their look and their settings."""
    folder = tmp_path / "project"
    for name in ("docs", "overrides"):
        shutil.copytree(PROJECT / name, folder / name)
    shutil.copy(PROJECT / "mkdocs.yml", folder)
    return folder


@pytest.fixture
def rebuild(project: Path, tmp_path: Path) -> Callable[..., Built]:
    return lambda **options: build(project, tmp_path / "site", f"{BASE_URL}/", **options)


@pytest.fixture
def engine() -> str:
    # The site reads no database.
    return "sqlite"
