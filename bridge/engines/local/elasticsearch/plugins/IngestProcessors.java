package org.elasticsearch.ingest.common; // some factories are visible here only

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import org.elasticsearch.common.bytes.BytesReference;
import org.elasticsearch.common.util.CollectionUtils;
import org.elasticsearch.ingest.AbstractProcessor;
import org.elasticsearch.ingest.DropProcessor;
import org.elasticsearch.ingest.IngestDocument;
import org.elasticsearch.ingest.PipelineProcessor;
import org.elasticsearch.ingest.Processor;
import org.elasticsearch.plugins.IngestPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.script.IngestScript;
import org.elasticsearch.script.Script;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.script.ScriptType;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentParserConfiguration;
import org.elasticsearch.xcontent.XContentType;

/** Processors of 7.10.2's ingest-common on a newer server; `script` is made here, over the server's own IngestScript. */
public class IngestProcessors extends Plugin implements IngestPlugin {
    private interface Make {
        Processor make(Map<String, Processor.Factory> registry, String tag, String description, Map<String, Object> config)
            throws Exception;
    }

    @Override
    public Map<String, Processor.Factory> getProcessors(Processor.Parameters parameters) {
        ScriptService scripts = parameters.scriptService;
        return Map.ofEntries(
            Map.entry("append", old(new AppendProcessor.Factory(scripts))),
            Map.entry("convert", old(new ConvertProcessor.Factory())),
            Map.entry("drop", new DropProcessor.Factory()),
            Map.entry("fail", old(new FailProcessor.Factory(scripts))),
            Map.entry("gsub", old(new GsubProcessor.Factory())),
            Map.entry("join", old(new JoinProcessor.Factory())),
            Map.entry("json", old(new JsonProcessor.Factory())),
            Map.entry("lowercase", old(new LowercaseProcessor.Factory())),
            Map.entry("pipeline", new PipelineProcessor.Factory(parameters.ingestService)),
            Map.entry("remove", old(new RemoveProcessor.Factory(scripts))),
            Map.entry("rename", old(new RenameProcessor.Factory(scripts))),
            Map.entry("script", factory((registry, tag, description, config) -> script(scripts, tag, description, config))),
            Map.entry("set", old(new SetProcessor.Factory(scripts))),
            Map.entry("split", old(new SplitProcessor.Factory())),
            Map.entry("trim", old(new TrimProcessor.Factory())));
    }

    /** A factory in the shape that this server asks for: four arguments in 8, a project's id after them in 9. */
    @SuppressWarnings("unchecked")
    private static Processor.Factory factory(Make make) {
        Class<?>[] shape = {Processor.Factory.class};
        return (Processor.Factory) Proxy.newProxyInstance(shape[0].getClassLoader(), shape, (proxy, method, args) -> {
            if (method.getDeclaringClass() == Object.class) {
                return switch (method.getName()) {
                    case "hashCode" -> System.identityHashCode(proxy);
                    case "equals" -> proxy == args[0];
                    default -> "factory";
                };
            }
            return make.make(
                (Map<String, Processor.Factory>) args[0], (String) args[1], (String) args[2], (Map<String, Object>) args[3]);
        });
    }

    /** A factory of 7.10.2, whose `create` has four arguments. */
    private static Processor.Factory old(Object factory) {
        for (Class<?> type = factory.getClass(); type != null; type = type.getSuperclass()) {
            for (Method method : type.getDeclaredMethods()) {
                if (method.getName().equals("create")
                    && method.getParameterCount() == 4
                    && !Modifier.isAbstract(method.getModifiers())) {
                    method.setAccessible(true);
                    return factory((registry, tag, description, config) -> {
                        try {
                            return (Processor) method.invoke(factory, registry, tag, description, config);
                        } catch (InvocationTargetException wrapped) {
                            throw wrapped.getCause() instanceof Exception cause ? cause : wrapped;
                        }
                    });
                }
            }
        }
        throw new IllegalArgumentException(factory.getClass().getName());
    }

    private static Processor script(ScriptService scripts, String tag, String description, Map<String, Object> config)
        throws Exception {
        Script script;
        try (XContentBuilder json = XContentBuilder.builder(XContentType.JSON.xContent()).map(config);
            XContentParser parser = XContentType.JSON.xContent()
                .createParser(XContentParserConfiguration.EMPTY, BytesReference.bytes(json).streamInput())) {
            script = Script.parse(parser);
        }
        List.of("id", "source", "inline", "lang", "params", "options").forEach(config::remove);
        if (script.getType() == ScriptType.INLINE) {
            scripts.compile(script, IngestScript.CONTEXT); // a bad script is refused when the pipeline is put
        }
        return new AbstractProcessor(tag, description) {
            @Override
            public IngestDocument execute(IngestDocument document) {
                scripts.compile(script, IngestScript.CONTEXT)
                    .newInstance(script.getParams(), document.getCtxMap())
                    .execute();
                CollectionUtils.ensureNoSelfReferences(document.getSourceAndMetadata(), "ingest script");
                return document;
            }

            @Override
            public String getType() {
                return "script";
            }
        };
    }
}
