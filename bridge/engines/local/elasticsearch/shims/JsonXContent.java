package org.elasticsearch.common.xcontent.json;

import java.io.IOException;
import java.io.InputStream;
import org.elasticsearch.xcontent.DeprecationHandler;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentParserConfiguration;
import org.elasticsearch.xcontent.XContentType;

/** The shape that this class had in 7.10.2, over the server's own JSON. */
public final class JsonXContent {
    public static final JsonXContent jsonXContent = new JsonXContent();

    public static XContentBuilder contentBuilder() throws IOException {
        return XContentBuilder.builder(XContentType.JSON.xContent());
    }

    public XContentParser createParser(NamedXContentRegistry registry, DeprecationHandler handler, InputStream in)
        throws IOException {
        return XContentType.JSON.xContent().createParser(configuration(registry, handler), in);
    }

    public XContentParser createParser(NamedXContentRegistry registry, DeprecationHandler handler, String text)
        throws IOException {
        return XContentType.JSON.xContent().createParser(configuration(registry, handler), text);
    }

    private static XContentParserConfiguration configuration(NamedXContentRegistry registry, DeprecationHandler handler) {
        return XContentParserConfiguration.EMPTY.withRegistry(registry).withDeprecationHandler(handler);
    }
}
