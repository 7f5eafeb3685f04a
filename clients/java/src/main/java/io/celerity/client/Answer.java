package io.celerity.client;

import java.net.http.HttpHeaders;
import java.util.Optional;

/** An answer, read to its end. */
record Answer(int status, HttpHeaders headers, byte[] body) {
    /** Bounds what is read into memory of one answer, or of one event of a stream. */
    static final int MAX_BYTES = 64 * 1024 * 1024;

    static boolean isSuccess(int status) {
        return status / 100 == 2;
    }

    Optional<String> header(String name) {
        return headers.firstValue(name);
    }
}
