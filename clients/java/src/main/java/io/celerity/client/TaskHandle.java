package io.celerity.client;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JavaType;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A task that was sent. */
public final class TaskHandle {
    /** What the gateway answers to a submission. */
    record Accepted(String id, String task, String state, boolean deduplicated) {}

    private final CelerityClient client;
    private final Accepted accepted;
    private final String path;

    TaskHandle(CelerityClient client, Accepted accepted) {
        this.client = client;
        this.accepted = accepted;
        path = "/v1/tasks/" + CelerityClient.segment(accepted.id());
    }

    /** Its id. */
    public String id() {
        return accepted.id();
    }

    /** Its name; null for a handle made of an id. */
    public String task() {
        return accepted.task();
    }

    /** The state when it was accepted; null when that is not known. {@link #status()} asks for the present one. */
    public String state() {
        return accepted.state();
    }

    /** The task was there before, and this one was not sent. */
    public boolean isDeduplicated() {
        return accepted.deduplicated();
    }

    /** Reads what the gateway knows now. */
    public TaskStatus status() {
        return Transport.join(statusAsync());
    }

    /** {@link #status()} without blocking. */
    public CompletableFuture<TaskStatus> statusAsync() {
        return client.transport.send(Request.get(path)).thenApply(TaskHandle::readStatus);
    }

    /** Waits for the end of the task, good or bad. Throws WaitTimeoutException when it does not come in time. */
    public TaskStatus await(Duration timeout) {
        return Transport.join(awaitAsync(timeout));
    }

    /** {@link #await} without blocking. */
    public CompletableFuture<TaskStatus> awaitAsync(Duration timeout) {
        return Poll.until(client.transport, id(), path, timeout, answer -> readStatus(answer).toLook());
    }

    /**
     * Waits for what the task returns. Throws {@link ProblemException.TaskFailed} or
     * {@link ProblemException.TaskRevoked} for a task without success, WaitTimeoutException when it does not end in
     * time.
     */
    public <T> T result(Class<T> type, Duration timeout) {
        return Transport.join(resultAsync(type, timeout));
    }

    /** The same for types such as {@code List<Integer>}. */
    public <T> T result(TypeReference<T> type, Duration timeout) {
        return Transport.join(resultAsync(type, timeout));
    }

    /** {@link #result(Class, Duration)} without blocking. */
    public <T> CompletableFuture<T> resultAsync(Class<T> type, Duration timeout) {
        return resultAs(client.mapper.constructType(type), timeout);
    }

    /** {@link #result(TypeReference, Duration)} without blocking. */
    public <T> CompletableFuture<T> resultAsync(TypeReference<T> type, Duration timeout) {
        return resultAs(client.mapper.constructType(type.getType()), timeout);
    }

    private <T> CompletableFuture<T> resultAs(JavaType type, Duration timeout) {
        // Optional has no place for the null that a task may return.
        CompletableFuture<Answer> end =
                Poll.until(client.transport, id(), path + "/result", timeout, TaskHandle::lookForResult);
        return end.thenApply(answer -> Json.read(client.mapper, answer.body(), type));
    }

    private static Poll.Look<Answer> lookForResult(Answer answer) {
        if (answer.status() == 200) return new Poll.Look<>(TaskStatus.SUCCESS, Optional.of(answer));
        return new Poll.Look<>(readStatus(answer).state(), Optional.empty());
    }

    /** Follows the task: its states, its progress and its end. */
    public EventStream events() {
        return new EventStream(client.transport, path + "/events");
    }

    /** Revokes a task that has not begun. Twice is fine; one that has ended is the problem {@code task-terminal}. */
    public void cancel() {
        Transport.join(client.transport.send(Request.delete(path)));
    }

    /** Revokes a task and also ends it when it runs, with the signal, such as {@code SIGTERM}, of its process. */
    public void terminate(String signal) {
        var body = Map.of("terminate", true, "signal", signal);
        Transport.join(client.post(path + ":revoke", body));
    }

    private static TaskStatus readStatus(Answer answer) {
        return Json.read(answer.body(), TaskStatus.class);
    }
}
