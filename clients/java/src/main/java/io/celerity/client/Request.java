package io.celerity.client;

import java.util.Map;

/**
 * What every attempt sends.
 *
 * @param path below the gateway's URL
 * @param body JSON; null for none
 */
record Request(String method, String path, Map<String, String> headers, byte[] body) {
    static Request get(String path, Map<String, String> headers) {
        return new Request("GET", path, headers, null);
    }

    static Request get(String path) {
        return get(path, Map.of());
    }

    static Request delete(String path) {
        return new Request("DELETE", path, Map.of(), null);
    }

    static Request post(String path, Map<String, String> headers, byte[] body) {
        return new Request("POST", path, headers, body);
    }
}
