package org.elasticsearch.local;

import java.lang.reflect.Method;
import java.util.Map;
import org.elasticsearch.ingest.IngestDocument;
import org.elasticsearch.ingest.ValueSource;
import org.elasticsearch.script.TemplateScript;

/** Signatures of 7.10.2 that the server no longer has; Remap sends calls here (the receiver comes first). */
public final class Shim {
    private Shim() {}

    public static Object getFieldValue(IngestDocument document, TemplateScript.Factory field, Class<?> type) {
        return document.getFieldValue(document.renderTemplate(field), type);
    }

    public static boolean hasField(IngestDocument document, TemplateScript.Factory field) {
        return document.hasField(document.renderTemplate(field));
    }

    public static void setFieldValue(
        IngestDocument document, TemplateScript.Factory field, ValueSource value, boolean ignoreEmpty) {
        document.setFieldValue(document.renderTemplate(field), value, ignoreEmpty);
    }

    /** The server's method got a further argument on the way. */
    public static void appendFieldValue(
        IngestDocument document, TemplateScript.Factory field, ValueSource value, boolean duplicates) throws Exception {
        for (Method method : IngestDocument.class.getMethods()) {
            int count = method.getParameterCount();
            if (method.getName().equals("appendFieldValue") && count >= 3 && method.getParameterTypes()[1] == ValueSource.class) {
                String name = document.renderTemplate(field);
                Object[] args = count == 3 ? new Object[] {name, value, duplicates} : new Object[] {name, value, duplicates, false};
                method.invoke(document, args);
                return;
            }
        }
        throw new IllegalStateException("appendFieldValue is gone");
    }

    public static <K, V> Map<K, V> copyMap(Map<K, V> map) {
        return Map.copyOf(map);
    }
}
