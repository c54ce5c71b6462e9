package org.elasticsearch.plugins;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import org.elasticsearch.Build;
import org.elasticsearch.action.admin.cluster.node.info.PluginsAndModules;
import org.elasticsearch.env.Environment;

/** Takes the node's plugins from the flat classpath in place of the folders `modules` and `plugins`. */
public class ClassPathPlugins extends PluginsService {
    private final List<LoadedPlugin> loaded = new ArrayList<>();

    public ClassPathPlugins(Environment environment, List<String> names) throws Exception {
        super(
            environment.settings(),
            environment.configDir(),
            PluginsLoader.createPluginsLoader(Set.of(), Set.of(), Map.of(), false));
        for (String name : names) {
            Class<? extends Plugin> type = Class.forName(name).asSubclass(Plugin.class);
            Plugin plugin = loadPlugin(type, environment.settings(), environment.configDir());
            loaded.add(new LoadedPlugin(descriptor(name), plugin, type.getClassLoader()));
        }
        loadExtensions(loaded); // XPackPlugin makes its licence state here
    }

    /** Read from text, as the constructor's arguments differ by version. */
    private static PluginDescriptor descriptor(String name) throws Exception {
        String version = Build.current().version();
        String text = String.join("\n", "name=" + name, "description=on the classpath", "version=" + version,
            "elasticsearch.version=" + version, "java.version=17", "classname=" + name, "");
        return PluginDescriptor.readInternalDescriptorFromStream(
            new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    @Override
    protected List<LoadedPlugin> plugins() {
        return loaded == null ? List.of() : loaded; // asked for by the parent's constructor, too
    }

    /** All plugins share one class loader: each service is looked up once, not once a plugin. */
    @Override
    public <T> List<? extends T> loadServiceProviders(Class<T> service) {
        List<T> found = new ArrayList<>();
        ServiceLoader.load(service, getClass().getClassLoader()).forEach(found::add);
        return found;
    }

    @Override
    public PluginsAndModules info() {
        List<PluginRuntimeInfo> plugins =
            loaded.stream().map(LoadedPlugin::descriptor).map(PluginRuntimeInfo::new).toList();
        return new PluginsAndModules(plugins, List.of());
    }
}
