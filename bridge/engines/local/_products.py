"""The engines that can run here: which version, on which Java, from which image, and how each is started."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bridge.engines._base import Dialect

#: `elasticsearch` is the newest version for which the machine has a Java.
EngineName = Literal["opensearch", "elasticsearch", "elasticsearch-9", "elasticsearch-8"]


@dataclass(frozen=True, slots=True)
class Product:
    """One engine in one version.

    `java` is the oldest Java that runs it, `marker` what its process shows on the command line, `ready` a page that
    answers 200 once everything that the bridge needs is up, `fetched` and `disk` are bytes.
    """

    dialect: Dialect
    title: str
    version: str
    java: int
    image: str
    marker: str
    ready: str
    fetched: int
    disk: int
    #: Environment of the official image beyond what both engines take.
    image_settings: tuple[tuple[str, str], ...]
    heap_variable: str
    #: Flags of the JVM; `{folder}` is the node's data folder.
    flags: tuple[str, ...]
    #: Plugin classes that the node loads from its class path.
    plugins: tuple[str, ...] = ()

    @property
    def container(self) -> str:
        """Name of the Docker container and of its volume."""
        return f"gliner-bridge-{self.dialect}"

    @property
    def data_folder(self) -> str:
        """Where the official image keeps its data."""
        return f"/usr/share/{self.dialect}/data"

    @property
    def label(self) -> str:
        return f"{self.title} {self.version}"

    def command(self, folder: str) -> list[str]:
        """Flags of the JVM, given the node's data folder."""
        return ["-XX:+ExitOnOutOfMemoryError", *(flag.format(folder=folder) for flag in self.flags)]


OPENSEARCH = Product(
    dialect="opensearch",
    title="OpenSearch",
    version="2.19.1",
    java=17,
    image="opensearchproject/opensearch:2.19.1",
    marker="Node.java",
    ready="/_plugins/_ml/stats",
    fetched=400_000_000,
    disk=1_500_000_000,
    image_settings=(("DISABLE_SECURITY_PLUGIN", "true"), ("DISABLE_INSTALL_DEMO_CONFIG", "true")),
    heap_variable="OPENSEARCH_JAVA_OPTS",
    flags=("-Dopensearch.set.netty.runtime.available.processors=false",),
)


def _elasticsearch_of(version: str, java: int) -> Product:
    return Product(
        dialect="elasticsearch",
        title="Elasticsearch",
        version=version,
        java=java,
        image=f"docker.elastic.co/elasticsearch/elasticsearch:{version}",
        marker="org.elasticsearch.node.LocalNode",
        ready="/_license",
        fetched=85_000_000,
        disk=500_000_000,
        image_settings=(("xpack.security.enabled", "false"),),
        heap_variable="ES_JAVA_OPTS",
        # The first compiler tier alone starts two seconds faster; this node is for trying things on.
        flags=(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Djava.io.tmpdir={folder}/tmp",
            "-Des.nativelibs.path={folder}/tmp",
        ),
        plugins=(
            "org.elasticsearch.transport.netty4.Netty4Plugin",
            "org.elasticsearch.local.RootPlugin",
            "org.elasticsearch.local.PainlessPlugin",
            "org.elasticsearch.local.MustachePlugin",
            "org.elasticsearch.ingest.common.IngestProcessors",
            "org.elasticsearch.xpack.core.XPackPlugin",
        ),
    )


#: Newest first.
ELASTICSEARCH = (_elasticsearch_of("9.5.3", 21), _elasticsearch_of("8.19.21", 17))


def candidates(engine: EngineName) -> tuple[Product, ...]:
    """The products of a name, the preferred one first."""
    if engine == "opensearch":
        return (OPENSEARCH,)
    major = engine.partition("-")[2]
    return tuple(one for one in ELASTICSEARCH if one.version.startswith(major))


def newest(products: Iterable[Product], java: int) -> Product | None:
    """The first product that runs on this version of Java."""
    return next((product for product in products if product.java <= java), None)
