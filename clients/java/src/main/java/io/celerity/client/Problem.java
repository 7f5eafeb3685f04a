package io.celerity.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * An answer that is not 2xx (RFC 9457), or a task that did not succeed.
 *
 * @param type short name, the last part of the type URI, such as {@code unknown-task}; it never changes
 * @param uri the whole type; below the gateway's URL it is a page about the problem
 * @param status of the HTTP answer
 * @param title what kind of problem it is, in words
 * @param detail what happened this time; may be null
 * @param errors what is wrong in the request's body, and where
 * @param retryAfter what the gateway asked to wait; zero when it said nothing
 * @param taskId the task or workflow that it is about; null when there is none
 * @param taskError how the task failed; null for other problems
 * @param raw the body as it came; null when it was no JSON
 */
public record Problem(
        String type,
        String uri,
        int status,
        String title,
        String detail,
        List<FieldError> errors,
        Duration retryAfter,
        String taskId,
        TaskError taskError,
        JsonNode raw) {

    private static final String TASK_FAILED = "task-failed";
    private static final String TASK_REVOKED = "task-revoked";

    /** As it stands in JSON. */
    private record Body(
            String type, String title, String detail, List<FieldError> errors, String id, TaskError error) {
        static final Body EMPTY = new Body(null, null, null, null, null, null);

        static Body of(JsonNode raw) {
            try {
                return raw != null && raw.isObject() ? Json.read(raw, Body.class) : EMPTY;
            } catch (UnexpectedAnswerException e) {
                return EMPTY;
            }
        }
    }

    static Problem of(JsonNode raw, int status, Duration retryAfter) {
        var body = Body.of(raw);
        var uri = body.type() == null ? "about:blank" : body.type();
        return new Problem(
                uri.substring(Math.max(uri.lastIndexOf('/'), uri.lastIndexOf('#')) + 1),
                uri,
                status,
                body.title() == null ? "HTTP " + status : body.title(),
                body.detail(),
                body.errors() == null ? List.of() : List.copyOf(body.errors()),
                retryAfter,
                body.id(),
                body.error(),
                raw);
    }

    /** An answer; one that is no problem+json, as proxies send, is a problem of the type about:blank. */
    static Problem of(Answer answer) {
        var retryAfter = RetryPolicy.readRetryAfter(answer.header("retry-after"), Instant.now());
        return of(Json.readIfJson(answer.body()), answer.status(), retryAfter);
    }

    /** What the gateway itself answers when the result of such a task is asked for. */
    static Problem ofTask(String id, String state, TaskError error) {
        var isRevoked = state.equals(TaskStatus.REVOKED);
        var type = isRevoked ? TASK_REVOKED : TASK_FAILED;
        return new Problem(
                type,
                "/problems/" + type,
                424,
                isRevoked ? "The task was revoked" : "The task failed",
                error == null ? null : error.message(),
                List.of(),
                Duration.ZERO,
                id,
                error,
                null);
    }

    /** The same request may succeed later. */
    boolean isTemporary() {
        return switch (status) {
            case 429, 502, 503, 504 -> true;
            case 409 -> type.equals("idempotency-in-progress");
            default -> false;
        };
    }

    /** The exception of its kind. */
    public ProblemException toException() {
        switch (type) {
            case TASK_FAILED:
                return new ProblemException.TaskFailed(this);
            case TASK_REVOKED:
                return new ProblemException.TaskRevoked(this);
            case "unknown-task":
                return new ProblemException.UnknownTask(this);
            default:
        }
        return switch (status) {
            case 401 -> new ProblemException.Unauthorized(this);
            case 403 -> new ProblemException.Forbidden(this);
            case 422 -> new ProblemException.InvalidArguments(this);
            case 429 -> new ProblemException.QuotaExceeded(this);
            case 503 -> new ProblemException.Unavailable(this);
            default -> new ProblemException(this);
        };
    }

    @Override
    public String toString() {
        return title + (detail == null ? "" : ": " + detail) + " (" + status + " " + type + ")";
    }
}
