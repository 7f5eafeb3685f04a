package io.celerity.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What the gateway knows of a task. What it does not know is null.
 *
 * @param state Celery's, {@code SCHEDULED}, {@code LOST}, or one that the task calls its own
 * @param terminal the state will not change any more
 * @param result the return value; only in SUCCESS
 * @param meta what the task says of itself in a state of its own, such as its progress
 * @param error how it failed
 * @param retries tries so far, without the first
 */
public record TaskStatus(
        String id,
        String task,
        String queue,
        String state,
        boolean terminal,
        JsonNode result,
        JsonNode meta,
        TaskError error,
        int retries,
        String worker,
        List<String> tags,
        Instant eta,
        Instant submittedAt,
        Instant doneAt) {

    /** It returned something. */
    public static final String SUCCESS = "SUCCESS";
    /** It ended with an error. */
    public static final String FAILURE = "FAILURE";
    /** It was called off, or expired. */
    public static final String REVOKED = "REVOKED";

    /** It ended, and returned something. */
    public boolean isSuccess() {
        return state.equals(SUCCESS);
    }

    Poll.Look<TaskStatus> toLook() {
        return new Poll.Look<>(state, Optional.ofNullable(terminal ? this : null));
    }
}
