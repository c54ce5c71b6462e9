package org.elasticsearch.script;

import java.time.ZonedDateTime;

/** Gone from the server since 8.0; no value is ever of this class. */
public final class JodaCompatibleZonedDateTime {
    private JodaCompatibleZonedDateTime() {}

    public ZonedDateTime getZonedDateTime() {
        return null;
    }
}
