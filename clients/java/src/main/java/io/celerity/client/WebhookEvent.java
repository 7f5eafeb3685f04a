package io.celerity.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;

/**
 * What a webhook tells.
 *
 * @param id the same for every attempt to deliver the webhook: take each once
 * @param type such as {@code celery.task.succeeded}
 * @param sentAt time of this attempt
 * @param data what {@link #status()} reads
 */
public record WebhookEvent(String id, String type, Instant sentAt, JsonNode data) {
    /** Reads the task that the webhook is about. */
    public TaskStatus status() {
        return Json.read(data, TaskStatus.class);
    }
}
