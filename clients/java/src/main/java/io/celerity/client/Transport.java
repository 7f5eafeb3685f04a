package io.celerity.client;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** Requests to one gateway, with credentials, bounds and repetitions. Holds no thread while it waits. */
final class Transport {
    private final HttpClient http;
    private final String base;
    private final String key;
    private final String userAgent;
    private final Duration timeout;
    private final RetryPolicy retry;

    Transport(CelerityClient.Builder options) {
        http = options.http;
        base = options.base;
        key = options.key;
        userAgent = options.userAgent;
        timeout = options.timeout;
        retry = options.retry;
    }

    Duration timeout() {
        return timeout;
    }

    RetryPolicy retry() {
        return retry;
    }

    /** Repeats the request until it is answered with 2xx, refused for good, or out of attempts. */
    CompletableFuture<Answer> send(Request request) {
        return attempt(request, 1);
    }

    private CompletableFuture<Answer> attempt(Request request, int attempt) {
        return once(request)
                .handle((answer, thrown) -> {
                    if (thrown == null) return CompletableFuture.completedFuture(answer);
                    var failure = toFailure(thrown);
                    return retry.next(attempt, failure)
                            .map(delay -> after(delay).thenCompose(ignored -> attempt(request, attempt + 1)))
                            .orElseGet(() -> CompletableFuture.failedFuture(failure));
                })
                .thenCompose(Function.identity());
    }

    private CompletableFuture<Answer> once(Request request) {
        var exchange = http.sendAsync(toHttp(request), info -> new BoundedBody());
        // The timeout of the request ends with the headers of its answer.
        return exchange.copy()
                .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((answer, thrown) -> exchange.cancel(true))
                .thenApply(Transport::succeeded);
    }

    /** Opens an answer that is read as it comes. Throws what a failed request throws; makes one attempt. */
    HttpResponse<InputStream> open(Request request) {
        var response = join(http.sendAsync(toHttp(request), BodyHandlers.ofInputStream()));
        if (Answer.isSuccess(response.statusCode())) return response;
        try (var body = response.body()) {
            var bytes = body.readNBytes(Answer.MAX_BYTES);
            throw Problem.of(new Answer(response.statusCode(), response.headers(), bytes)).toException();
        } catch (IOException e) {
            throw toFailure(e);
        }
    }

    private HttpRequest toHttp(Request request) {
        var body = request.body() == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(request.body());
        var http = HttpRequest.newBuilder(URI.create(base + request.path()))
                .method(request.method(), body)
                .timeout(timeout)
                .header("User-Agent", userAgent);
        request.headers().forEach(http::header);
        if (!key.isEmpty()) http.header("Authorization", "Bearer " + key);
        return http.build();
    }

    private static Answer succeeded(HttpResponse<byte[]> response) {
        var answer = new Answer(response.statusCode(), response.headers(), response.body());
        if (!Answer.isSuccess(answer.status())) throw Problem.of(answer).toException();
        return answer;
    }

    /** Completes after the delay. */
    static CompletableFuture<Void> after(Duration delay) {
        return CompletableFuture.runAsync(
                () -> {}, CompletableFuture.delayedExecutor(delay.toNanos(), TimeUnit.NANOSECONDS));
    }

    /** Waits for the future. Throws CelerityException; an interrupt ends the wait and counts as a network failure. */
    static <T> T join(CompletableFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            var failure = toFailure(e);
            // The trace so far is of a thread that the caller never sees.
            failure.fillInStackTrace();
            throw failure;
        } catch (InterruptedException e) {
            future.cancel(true);
            Thread.currentThread().interrupt();
            throw new NetworkException("The wait for an answer was interrupted", e);
        }
    }

    static CelerityException toFailure(Throwable thrown) {
        var cause = thrown;
        while (cause instanceof CompletionException || cause instanceof ExecutionException) cause = cause.getCause();
        if (cause instanceof CelerityException failure) return failure;
        if (cause instanceof BoundedBody.TooLarge) return new UnexpectedAnswerException(cause.getMessage(), cause);
        if (cause instanceof TimeoutException) return new NetworkException("No answer from the gateway in time", cause);
        if (cause instanceof IOException) return new NetworkException("No answer from the gateway: " + cause, cause);
        if (cause instanceof Error error) throw error;
        throw (RuntimeException) cause;
    }
}
