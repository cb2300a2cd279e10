"""What building a wheel adds to the checkout: its rules' compiled form, the goldens' hosts, what it is made of."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import quote

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BILL = "mgmtnet.cdx.json"
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[.*?\])?\s*(?:==([0-9.]+))?")


class CompiledRules(BuildHookInterface):  # type: ignore[type-arg]  # the build needs no configuration of its own
    """Compile the rules before the wheel takes them up; `make` does it for a checkout.

    `mgmtnet explain` draws hosts: of the goldens the wheel has the captures and what is wanted, not the plans. What it
    is made of stands in its sboms/ (PEP 770), the same bytes for the same checkout.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before each build."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from planner.rules.shelf import make_forms

        make_forms()
        for path in sorted(Path(self.root, "golden").glob("*/*")):
            if path.name.startswith(("capture.", "definition.", "about.")):
                inside = path.relative_to(self.root)
                build_data["force_include"][str(path)] = f"planner/_data/{inside}"
        bill = Path(mkdtemp(prefix="mgmtnet-bill-"), BILL)
        bill.write_text(json.dumps(self._bill(), indent=1) + "\n")
        build_data["sbom_files"].append(str(bill))

    def _bill(self) -> dict[str, Any]:
        """The bill of materials (CycloneDX): what is in the wheel, and what it is installed with."""
        parts = [*self._bundled(), *self._installed()]
        purl = f"pkg:pypi/mgmtnet@{self.metadata.version}"
        component = {"type": "application", "bom-ref": purl, "name": "mgmtnet", "version": self.metadata.version}
        component |= {"purl": purl, "licenses": [{"license": {"id": "Apache-2.0"}}]}
        return {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {"component": component},
            "components": parts,
            "dependencies": [
                {"ref": purl, "dependsOn": [part["bom-ref"] for part in parts]},
                *({"ref": part["bom-ref"]} for part in parts),
            ],
        }

    def _bundled(self) -> Iterator[dict[str, Any]]:
        """The packages of npm's that stand in the workbench's bundle, in the versions that it was made of."""
        locked = json.loads(Path(self.root, "page", "package-lock.json").read_text())["packages"]
        for place, package in sorted(locked.items()):
            if place and not package.get("dev"):
                name = place.rpartition("node_modules/")[2]
                part = _part(f"pkg:npm/{quote(name)}@{package['version']}", name, package["version"], "required")
                yield part | {"licenses": [{"license": {"id": package["license"]}}]}

    def _installed(self) -> Iterator[dict[str, Any]]:
        """The packages that pip installs with it, always or by an extra; with a version where there is only one."""
        core = self.metadata.core
        extras = {one for extra in ("apply", "author", "service") for one in core.optional_dependencies[extra]}
        seen: set[str] = set()
        for scope, requirements in (("required", core.dependencies), ("optional", sorted(extras))):
            for requirement in requirements:
                found = REQUIREMENT.match(requirement)
                name, version = (found[1].lower(), found[2] or "") if found else ("", "")
                if name and name != "mgmtnet" and name not in seen:
                    seen.add(name)
                    yield _part(f"pkg:pypi/{name}" + (f"@{version}" if version else ""), name, version, scope)


def _part(purl: str, name: str, version: str, scope: str) -> dict[str, Any]:
    stated = {"version": version} if version else {}
    return {"type": "library", "bom-ref": purl, "name": name, **stated, "scope": scope, "purl": purl}
