"""Putting things into .venv: when, when not, and what is said where it can't be done."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The install script as a module, with everything that it writes below ``tmp_path``."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "scripts" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "CHART", tmp_path / "vendor" / "echarts.min.js")
    monkeypatch.setattr(module, "CHART_STAMP", tmp_path / "vendor" / ".installed")
    monkeypatch.setattr(module, "VENV", tmp_path / "venv")
    monkeypatch.setattr(module, "PYTHON", tmp_path / "venv" / "bin" / "python")
    return module


def test_an_old_python_is_told_which_one_is_needed(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "OLDEST", (99, 1))
    with pytest.raises(SystemExit, match=r"^install: Python 99\.1 or newer is needed"):
        install.check_python()


def test_a_python_without_venv_is_told_of_the_package(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="python3-venv"):
        install.check_python()


def test_nothing_is_installed_twice(install: ModuleType, tmp_path: Path) -> None:
    calls = []
    for wanted in ("one", "one", "two", "two"):
        install.bring_up_to_date(tmp_path / "stamp", wanted, lambda: calls.append("installed"))
    assert calls == ["installed", "installed"]


def test_a_failed_installation_is_tried_again(install: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        install.bring_up_to_date(tmp_path / "stamp", "one", lambda: 1 / 0)
    assert not (tmp_path / "stamp").exists()


def test_another_lock_is_another_installation(install: ModuleType, tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text("one")
    before = install.digest(lock)
    lock.write_text("two")
    assert install.digest(lock) != before


def test_without_npms_registry_the_server_is_installed_all_the_same(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install, "npm", lambda folder: (["sh", "-c", "echo network is unreachable >&2; exit 1"], {}))
    install.chart_step()
    said = capsys.readouterr().out
    assert "network is unreachable" in said
    assert "make install" in said
    assert not install.CHART.exists()


def test_an_npm_that_hangs_is_given_up(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "npm", lambda folder: (["sh", "-c", "exec sleep 60"], None))
    monkeypatch.setattr(install, "NPM_PATIENCE", 0.2)
    assert "timed out" in install.install_chart_library()


def test_the_served_file_is_the_one_that_npm_checked(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def bring(folder: Path) -> tuple[list[str], None]:
        made = folder / install.CHART_SOURCE
        script = f"mkdir -p {made.parent} && echo 'var echarts' > {made}"
        return ["sh", "-c", script], None

    monkeypatch.setattr(install, "npm", bring)
    assert install.install_chart_library() == ""
    assert install.CHART.read_text() == "var echarts\n"
