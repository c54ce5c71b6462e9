"""The Java that runs a local node."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.engines.local._products import Product, newest
from bridge.errors import SetupError

#: Where Linux distributions put JDKs that are not on the path.
_INSTALLED = Path("/usr/lib/jvm")


@dataclass(frozen=True, slots=True)
class Java:
    """A JDK: its `java` command and its major version."""

    command: str
    version: int

    @property
    def compiler(self) -> str:
        """The `javac` beside `java`."""
        return str(Path(self.command).resolve().with_name("javac"))


def find_java(products: Sequence[Product]) -> tuple[Product, Java]:
    """The first of the products for which there is a Java, and that Java.

    JAVA_HOME and the path go before what else is installed: another JDK is taken only where they run none of the
    products, or a later one. Raises SetupError naming what is missing: no Java, a Java that is too old, or one
    without a compiler.
    """
    refusals: list[SetupError] = []
    found: list[Java] = []
    for command in _commands():
        try:
            found.append(_inspect(command, products))
        except SetupError as error:
            refusals.append(error)
    for product in products:
        for java in found:
            if newest([product], java.version):
                return product, java
    if refusals:
        raise refusals[0]
    raise SetupError(
        "Java is missing: there is no `java` on the path and JAVA_HOME is not set", hint=_hint(_least(products))
    )


def java_version(text: str) -> int | None:
    """The major version in the output of `java -version` (`1.8.0_402` is 8); None where there is none."""
    found = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(found[1]) if found else None


def _commands() -> Iterator[str]:
    """Every `java` that may be tried, JAVA_HOME's first."""
    home = os.environ.get("JAVA_HOME")
    seen: set[str] = set()
    candidates = [str(Path(home) / "bin" / "java")] if home else []
    candidates += [found] if (found := shutil.which("java")) else []
    candidates += [str(folder / "bin" / "java") for folder in sorted(_INSTALLED.glob("*"))]
    for candidate in candidates:
        real = str(Path(candidate).resolve())
        if Path(candidate).exists() and real not in seen:
            seen.add(real)
            yield candidate


def _inspect(command: str, products: Sequence[Product]) -> Java:
    least = _least(products)
    hint = _hint(least)
    answer = subprocess.run([command, "-version"], capture_output=True, text=True, check=False)
    version = java_version(answer.stderr + answer.stdout)
    if version is None:
        raise SetupError(f"`{command} -version` does not name a version", hint=hint)
    if version < least.java:
        raise SetupError(f"{command} is Java {version}, and {least.label} needs {least.java} or newer", hint=hint)
    modules = subprocess.run([command, "--list-modules"], capture_output=True, text=True, check=False).stdout
    if "jdk.compiler" not in modules:
        raise SetupError(f"{command} has no compiler: it is a runtime (JRE), not a JDK", hint=hint)
    return Java(command, version)


def _least(products: Sequence[Product]) -> Product:
    return min(products, key=lambda product: product.java)


def _hint(product: Product) -> str:
    java = product.java
    return f"install a JDK {java} or newer (Debian, Ubuntu: apt-get install openjdk-{java}-jdk-headless)"
