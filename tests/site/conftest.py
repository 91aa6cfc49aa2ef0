import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from api.site.build import Built, build

PROJECT = Path(__file__).parents[2]
BASE_URL = "https://help.example.com/"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SITE_DIR with one build of the real docs. Copy it before changing it."""
    site_dir = tmp_path_factory.mktemp("published")
    build(PROJECT, site_dir, BASE_URL)
    return site_dir


@pytest.fixture(scope="session")
def built(published: Path) -> Path:
    """The build itself. Read only."""
    return (published / "current").resolve()


@pytest.fixture
def site_dir(published: Path, tmp_path: Path) -> Path:
    shutil.copytree(published, tmp_path / "site", symlinks=True)
    return tmp_path / "site"


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
    return lambda **options: build(project, tmp_path / "site", BASE_URL, **options)
