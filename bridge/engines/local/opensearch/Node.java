// A one-node OpenSearch with ML Commons, started from a flat classpath (no distribution, no plugin folder).
// Arguments: folder for data and logs, HTTP port, transport port, cluster name, "tied" or "free".
// "tied" means that the node ends when its standard input closes, that is, when the process that started it is gone.

import static org.codelibs.opensearch.runner.OpenSearchRunner.newConfigs;

import org.codelibs.opensearch.runner.OpenSearchRunner;

public class Node {
    public static void main(String[] args) throws Exception {
        String folder = args[0];
        String httpPort = args[1];
        String transportPort = args[2];
        String clusterName = args[3];
        boolean tied = "tied".equals(args[4]);

        OpenSearchRunner runner = new OpenSearchRunner();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                runner.close();
            } catch (Exception failure) {
                failure.printStackTrace();
            }
        }));
        runner.onBuild((number, settings) -> {
            settings.put("network.host", "127.0.0.1");
            settings.put("http.port", httpPort);
            settings.put("transport.port", transportPort);
            settings.put("discovery.type", "single-node");
            settings.putList("node.roles", "cluster_manager", "data", "ingest");
            // A laptop's disk is often over 90 % full, where a node would refuse writes.
            settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
        }).build(newConfigs().numOfNode(1).clusterName(clusterName).basePath(folder).useLogger()
            .pluginTypes("org.opensearch.jobscheduler.JobSchedulerPlugin,org.opensearch.ml.plugin.MachineLearningPlugin"));
        runner.ensureYellow();

        if (tied) {
            while (System.in.read() >= 0) { }
            System.exit(0);
        }
        Thread.currentThread().join();
    }
}
