package io.celerity.client;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;

/**
 * Names the work of a task, so that a second task for the same work is noticed.
 *
 * @param key of the work, or {@code content} for the name and the arguments
 * @param window seconds within which another task with the key is a duplicate; null for ten minutes
 * @param mode {@code return} (default), {@code reject}, {@code replace} or {@code requeue-last}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Dedupe(String key, Long window, String mode) {
    /** Returns the first task instead of sending a second one. */
    public static Dedupe by(String key) {
        return new Dedupe(key, null, null);
    }

    /** The same with another window. */
    public Dedupe within(Duration window) {
        return new Dedupe(key, window.toSeconds(), mode);
    }

    /** The same with another mode. */
    public Dedupe mode(String mode) {
        return new Dedupe(key, window, mode);
    }
}
