"""The house stands: keys point down, and nothing of the public reads past `published()`."""

import re
import tomllib
from pathlib import Path

from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField

ROOT = Path(__file__).resolve().parent.parent


def layers() -> dict[str, int]:
    """Each app's height, read from the import contract: 0 is the top."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (contract,) = (contract for contract in contracts if contract["type"] == "layers")
    return {
        name.strip(" ()"): height
        for height, names in enumerate(contract["layers"])
        for name in re.split(r"[|:]", names)
    }


def test_foreign_keys_point_down() -> None:
    heights = layers()
    checked = 0
    for model in apps.get_models():
        if not model.__module__.startswith("tracker."):
            continue
        for field in model._meta.get_fields():
            if not isinstance(field, (ForeignKey, ManyToManyField)):
                continue
            target = field.related_model
            if not target.__module__.startswith("tracker."):
                continue
            here, there = (m._meta.app_label for m in (model, target))
            assert here == there or heights[there] > heights[here], f"{model.__name__}.{field.name} points up"
            checked += 1
    assert checked > 30


def test_every_app_has_its_layer() -> None:
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("tracker.")}
    assert ours <= set(layers())


def test_public_code_reads_only_published_rows() -> None:
    """In the public surface and in the queries it calls, `.objects` of a register model is followed by published()."""
    paths = [
        *ROOT.glob("tracker/public/**/*.py"),
        *ROOT.glob("tracker/opendata/**/*.py"),
        *ROOT.glob("tracker/*/queries.py"),
        ROOT / "tracker/coverage/counting.py",
        ROOT / "tracker/coverage/figures.py",
    ]
    found = 0
    for path in paths:
        for model, manager in re.findall(r"(\w+)\.objects\b\s*\.?\s*(\w*)", path.read_text()):
            # A reference table without drafts; and rows that are counted within a published mission.
            if model in ("Country", "Accreditation", "Assessment"):
                continue
            found += 1
            assert manager == "published", f"{path.name}: {model}.objects.{manager}"
    assert found > 15


def test_no_file_asks_another_host_for_anything() -> None:
    """Links to sources apart, no template, style or script names a host."""
    for path in [
        *ROOT.glob("templates/**/*.html"),
        *ROOT.glob("static/**/*.css"),
        *ROOT.glob("static/**/*.js"),
    ]:
        assert not re.search(
            r"""(?:src|href|url\()\s*[=(]?\s*["']?(?:https?:)?//(?!\{)""", path.read_text()
        ), path
