package io.celerity.client;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** Asks again and again until something has ended. Each request waits at the gateway for that. */
final class Poll<T> {
    /** How long one request waits. */
    private static final Duration LONGEST = Duration.ofSeconds(20);

    private static final Duration USUAL_PAUSE = Duration.ofSeconds(1);
    /** Between two requests, whatever the gateway allows. */
    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);

    /** What an answer says: the end, or the state so far. */
    record Look<T>(String state, Optional<T> end) {}

    private final Transport transport;
    private final String path;
    private final Function<Answer, Look<T>> reader;
    private final long deadline;
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private volatile String lastState = "UNKNOWN";

    private Poll(Transport transport, String path, Duration timeout, Function<Answer, Look<T>> reader) {
        this.transport = transport;
        this.path = path;
        this.reader = reader;
        deadline = System.nanoTime() + timeout.toNanos();
    }

    /** Fails with WaitTimeoutException when it has not ended in time. */
    static <T> CompletableFuture<T> until(
            Transport transport, String id, String path, Duration timeout, Function<Answer, Look<T>> reader) {
        var poll = new Poll<>(transport, path, timeout, reader);
        poll.result.orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS);
        poll.ask();
        return poll.result.handle((end, thrown) -> {
            if (thrown == null) return end;
            throw thrown instanceof TimeoutException
                    ? new WaitTimeoutException(id, poll.lastState)
                    : Transport.toFailure(thrown);
        });
    }

    private void ask() {
        if (result.isDone()) return;
        transport
                .send(Request.get(path, Map.of("Prefer", "wait=" + seconds())))
                .thenAccept(this::look)
                .whenComplete((ignored, thrown) -> {
                    if (thrown != null) result.completeExceptionally(thrown);
                });
    }

    private void look(Answer answer) {
        var look = reader.apply(answer);
        lastState = look.state();
        look.end().ifPresentOrElse(result::complete, () -> Transport.after(pause(answer)).thenRun(this::ask));
    }

    /** Whole seconds: no more than the caller or the timeout of a request has. */
    private long seconds() {
        var left = Duration.ofNanos(deadline - System.nanoTime());
        var bound = RetryPolicy.min(LONGEST, transport.timeout().dividedBy(2));
        return Math.max(1, RetryPolicy.min(left, bound).plusMillis(999).toSeconds());
    }

    private static Duration pause(Answer answer) {
        var header = answer.header("retry-after");
        if (header.isEmpty()) return USUAL_PAUSE;
        var asked = RetryPolicy.min(RetryPolicy.readRetryAfter(header, Instant.now()), RetryPolicy.MAX_RETRY_AFTER);
        return RetryPolicy.max(asked, SHORTEST_PAUSE);
    }
}
