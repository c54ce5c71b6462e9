package org.elasticsearch.local;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.ingest.common.Processors;
import org.elasticsearch.painless.CompilerSettings;
import org.elasticsearch.painless.PainlessScriptEngine;
import org.elasticsearch.painless.lookup.PainlessLookupBuilder;
import org.elasticsearch.painless.spi.Whitelist;
import org.elasticsearch.painless.spi.WhitelistClass;
import org.elasticsearch.painless.spi.WhitelistConstructor;
import org.elasticsearch.painless.spi.WhitelistField;
import org.elasticsearch.painless.spi.WhitelistLoader;
import org.elasticsearch.painless.spi.WhitelistMethod;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.plugins.ScriptPlugin;
import org.elasticsearch.script.ScriptContext;
import org.elasticsearch.script.ScriptEngine;

/** Painless: the engine of 7.10.2, its allow lists less what this server or JVM no longer has. */
public class PainlessPlugin extends Plugin implements ScriptPlugin {
    /** Each context costs start time. */
    private static final Set<String> CONTEXTS = Set.of("ingest", "processor_conditional", "update", "score", "filter");
    private static final String UNKNOWN = "error loading whitelist(s) ";

    @Override
    public List<Setting<?>> getSettings() {
        return List.of(CompilerSettings.REGEX_ENABLED, CompilerSettings.REGEX_LIMIT_FACTOR);
    }

    @Override
    public ScriptEngine getScriptEngine(Settings settings, Collection<ScriptContext<?>> contexts) {
        List<Whitelist> all = new ArrayList<>(Whitelist.BASE_WHITELISTS);
        all.add(WhitelistLoader.loadFromResourceFiles(PainlessPlugin.class, "painless_allow.txt"));
        fit(all);
        List<Whitelist> ingest = new ArrayList<>(all);
        ingest.add(WhitelistLoader.loadFromResourceFiles(Processors.class, "processors_whitelist.txt"));
        Map<ScriptContext<?>, List<Whitelist>> allowed = new HashMap<>();
        for (ScriptContext<?> context : contexts) {
            if (CONTEXTS.contains(context.name)) {
                allowed.put(context, context.name.equals("ingest") ? ingest : all);
            }
        }
        return new PainlessScriptEngine(settings, allowed);
    }

    /** Take out entry after entry that the builder complains of, until it is content. */
    private static void fit(List<Whitelist> lists) {
        while (true) {
            try {
                PainlessLookupBuilder.buildFromWhitelists(lists);
                return;
            } catch (IllegalArgumentException unknown) {
                String origin = unknown.getMessage().replace(UNKNOWN, "");
                boolean found = false;
                for (int number = 0; number < lists.size(); number++) {
                    Whitelist less = without(lists.get(number), origin);
                    found |= less != null;
                    lists.set(number, less == null ? lists.get(number) : less);
                }
                if (!found) {
                    throw unknown;
                }
            }
        }
    }

    /** The list without what stands at `origin`; null where nothing stands there. */
    private static Whitelist without(Whitelist list, String origin) {
        boolean found = false;
        List<WhitelistClass> classes = new ArrayList<>();
        for (WhitelistClass type : list.whitelistClasses) {
            if (type.origin.equals(origin) || type.javaClassName.endsWith(".JodaCompatibleZonedDateTime")) {
                found = true;
                continue;
            }
            List<WhitelistConstructor> constructors = new ArrayList<>(type.whitelistConstructors);
            List<WhitelistMethod> methods = new ArrayList<>(type.whitelistMethods);
            List<WhitelistField> fields = new ArrayList<>(type.whitelistFields);
            boolean member = constructors.removeIf(one -> one.origin.equals(origin))
                | methods.removeIf(one -> one.origin.equals(origin))
                | fields.removeIf(one -> one.origin.equals(origin));
            found |= member;
            List<Object> annotations = new ArrayList<>(type.painlessAnnotations.values());
            classes.add(!member
                ? type
                : new WhitelistClass(type.origin, type.javaClassName, constructors, methods, fields, annotations));
        }
        List<WhitelistMethod> imported = new ArrayList<>(list.whitelistImportedMethods);
        found |= imported.removeIf(one -> one.origin.equals(origin));
        return found
            ? new Whitelist(
                list.classLoader, classes, imported, list.whitelistClassBindings, list.whitelistInstanceBindings)
            : null;
    }
}
