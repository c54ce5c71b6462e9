package org.elasticsearch;

/** Gone from the server; the modules of 7.10.2 call it. */
public final class SpecialPermission {
    private SpecialPermission() {}

    public static void check() {}
}
