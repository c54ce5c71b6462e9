// A one-node Elasticsearch, started from a flat classpath (no distribution, no plugin or module folders, no security).
// Arguments: folder for data and logs, HTTP port, transport port, cluster name, "tied" or "free", plugin classes.
// "tied" means that the node ends when its standard input closes, that is, when the process that started it is gone.
package org.elasticsearch.node;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.plugins.ClassPathPlugins;
import org.elasticsearch.plugins.PluginsLoader;
import org.elasticsearch.plugins.PluginsService;

public class LocalNode extends Node {
    LocalNode(Environment environment, List<String> plugins) {
        super(NodeConstruction.prepareConstruction(
            environment,
            // The last argument: the server is no named module here.
            PluginsLoader.createPluginsLoader(Set.of(), Set.of(), Map.of(), false),
            new NodeServiceProvider() {
                @Override
                PluginsService newPluginService(Environment environment, PluginsLoader loader) {
                    try {
                        return new ClassPathPlugins(environment, plugins);
                    } catch (Exception failure) {
                        throw new RuntimeException(failure);
                    }
                }
            },
            true));
    }

    public static void main(String[] args) throws Exception {
        LogConfigurator.configureESLogging(); // before anything else logs
        Path home = Path.of(args[0]).toAbsolutePath();
        boolean tied = "tied".equals(args[4]);
        for (String folder : List.of("config", "data", "logs", "plugins", "modules", "tmp")) {
            Files.createDirectories(home.resolve(folder));
        }
        Settings settings = Settings.builder()
            .put("path.home", home.toString())
            .put("path.data", home.resolve("data").toString())
            .put("path.logs", home.resolve("logs").toString())
            .put("http.port", args[1])
            .put("transport.port", args[2])
            .put("cluster.name", args[3])
            .put("node.name", "local")
            .put("network.host", "127.0.0.1")
            .put("discovery.type", "single-node")
            .put("http.type", "netty4")
            .put("transport.type", "netty4")
            .put("action.destructive_requires_name", false)
            // A laptop's disk is often over 90 % full, where a node would refuse writes.
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .build();
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), home.resolve("config"), () -> "local");
        LocalNode node = new LocalNode(environment, List.of(args).subList(5, args.length));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception failure) {
                failure.printStackTrace();
            }
        }));
        node.start();

        if (tied) {
            while (System.in.read() >= 0) { }
            System.exit(0);
        }
        Thread.currentThread().join();
    }
}
