package io.celerity.client;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * One event of a stream.
 *
 * @param type {@code state}, {@code progress}, {@code result} or {@code end}
 */
public record Event(String id, String type, JsonNode data) {
    /** Reads the data of an event of a task. */
    public TaskStatus status() {
        return Json.read(data, TaskStatus.class);
    }
}
