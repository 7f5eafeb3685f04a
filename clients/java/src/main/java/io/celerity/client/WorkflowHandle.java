package io.celerity.client;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JavaType;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A workflow that was sent. */
public final class WorkflowHandle {
    /** What the gateway answers to a submission. */
    record Accepted(String id, String rootId) {}

    private final CelerityClient client;
    private final Accepted accepted;
    private final String path;

    WorkflowHandle(CelerityClient client, Accepted accepted) {
        this.client = client;
        this.accepted = accepted;
        path = "/v1/workflows/" + CelerityClient.segment(accepted.id());
    }

    /** The id of its last result. */
    public String id() {
        return accepted.id();
    }

    /** The id of its first result; null for a handle made of an id. */
    public String rootId() {
        return accepted.rootId();
    }

    /** Reads how far it is. */
    public WorkflowStatus status() {
        return Transport.join(client.transport.send(Request.get(path)).thenApply(WorkflowHandle::readStatus));
    }

    /** Waits for its end, good or bad. Throws WaitTimeoutException when it does not come in time. */
    public WorkflowStatus await(Duration timeout) {
        return Transport.join(awaitAsync(timeout));
    }

    /** {@link #await} without blocking. */
    public CompletableFuture<WorkflowStatus> awaitAsync(Duration timeout) {
        return Poll.until(client.transport, id(), path, timeout, answer -> readStatus(answer).toLook());
    }

    /** Waits for the result of the whole. Throws what {@link TaskHandle#result(Class, Duration)} throws. */
    public <T> T result(Class<T> type, Duration timeout) {
        return Transport.join(resultAs(client.mapper.constructType(type), timeout));
    }

    /** The same for types such as {@code List<Integer>}. */
    public <T> T result(TypeReference<T> type, Duration timeout) {
        return Transport.join(resultAs(client.mapper.constructType(type.getType()), timeout));
    }

    private <T> CompletableFuture<T> resultAs(JavaType type, Duration timeout) {
        return awaitAsync(timeout).thenApply(end -> {
            if (!end.isSuccess())
                throw Problem.ofTask(end.failedTask(), end.state(), end.error()).toException();
            return Json.read(client.mapper, end.result(), type);
        });
    }

    /** Follows its tasks. */
    public EventStream events() {
        return new EventStream(client.transport, path + "/events");
    }

    /** Revokes what has not begun. */
    public void cancel() {
        Transport.join(client.transport.send(Request.delete(path)));
    }

    /** Revokes what has not ended, and ends what runs. */
    public void terminate() {
        Transport.join(client.transport.send(Request.delete(path + "?terminate=true")));
    }

    private static WorkflowStatus readStatus(Answer answer) {
        return Json.read(answer.body(), WorkflowStatus.class);
    }
}
