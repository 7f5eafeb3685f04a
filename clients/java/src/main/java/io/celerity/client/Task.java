package io.celerity.client;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One call of a task: what to run, with what, and when. It can be submitted by itself, in a batch, or as a part of a
 * canvas. Immutable: each method gives another task.
 */
public final class Task implements Canvas {
    private final String name;
    private final List<Object> args;
    private final Map<String, Object> kwargs;
    /** When and where, by the names of the gateway. What it does not take at a place, it refuses by name. */
    private final Map<String, Object> options;

    private final String idempotencyKey;
    private final boolean isImmutable;

    private Task(
            String name,
            List<Object> args,
            Map<String, Object> kwargs,
            Map<String, Object> options,
            String idempotencyKey,
            boolean isImmutable) {
        this.name = Objects.requireNonNull(name, "name");
        this.args = args;
        this.kwargs = kwargs;
        this.options = options;
        this.idempotencyKey = idempotencyKey;
        this.isImmutable = isImmutable;
    }

    /** A task with positional arguments: anything that Jackson can write. Integers of any size stay exact. */
    public static Task of(String name, Object... args) {
        return new Task(name, new ArrayList<>(Arrays.asList(args)), Map.of(), Map.of(), null, false);
    }

    /** Adds a keyword argument. */
    public Task kwarg(String keyword, Object value) {
        return new Task(name, args, with(kwargs, keyword, value), options, idempotencyKey, isImmutable);
    }

    /** Adds keyword arguments. */
    public Task kwargs(Map<String, ?> more) {
        var all = new LinkedHashMap<>(kwargs);
        all.putAll(more);
        return new Task(name, args, all, options, idempotencyKey, isImmutable);
    }

    /** The queue to send it to. Default: what the gateway's routes say. */
    public Task queue(String queue) {
        return option("queue", queue);
    }

    /** How long to wait before it may run. */
    public Task delay(Duration delay) {
        return option("delay", seconds(delay));
    }

    /** The earliest time to run; not with a delay. */
    public Task eta(Instant eta) {
        return option("eta", eta.toString());
    }

    /** How long it may wait for a worker, after which it is revoked. */
    public Task expiresIn(Duration duration) {
        return option("expires", seconds(duration));
    }

    /** The latest time to start, after which it is revoked. */
    public Task expiresAt(Instant time) {
        return option("expires", time.toString());
    }

    /** 0 to 9. */
    public Task priority(int priority) {
        return option("priority", priority);
    }

    /** Stores no result; such a task cannot be waited for. */
    public Task ignoreResult() {
        return option("ignore_result", true);
    }

    /** Words of your own, to find the task by. */
    public Task tags(String... tags) {
        return option("tags", List.of(tags));
    }

    /** What happens to duplicates. */
    public Task dedupe(Dedupe dedupe) {
        return option("dedupe", dedupe);
    }

    /** Who is told how it ends. */
    public Task callback(Callback callback) {
        return option("callback", callback);
    }

    /**
     * Names this one request: who repeats it gets the first answer. Default: a random UUID when it is submitted by
     * itself, none of its own in a batch.
     */
    public Task idempotencyKey(String key) {
        return new Task(name, args, kwargs, options, key, isImmutable);
    }

    /** In a canvas: keeps the result of the step before out of the arguments. */
    public Task immutable() {
        return new Task(name, args, kwargs, options, idempotencyKey, true);
    }

    /** As a part of a canvas. */
    @Override
    public Map<String, Object> toJson() {
        var canvas = call();
        if (isImmutable) canvas.put("immutable", true);
        if (!options.isEmpty()) canvas.put("options", options);
        return canvas;
    }

    /** The body that submits it. */
    Map<String, Object> body() {
        var body = call();
        body.putAll(options);
        return body;
    }

    /** The same in a batch, where the key has no header of its own. */
    Map<String, Object> batchItem() {
        var item = body();
        if (idempotencyKey != null) item.put("idempotency_key", idempotencyKey);
        return item;
    }

    /** Null unless one was given. */
    String idempotencyKey() {
        return idempotencyKey;
    }

    private Map<String, Object> call() {
        var call = new LinkedHashMap<String, Object>();
        call.put("task", name);
        if (!args.isEmpty()) call.put("args", args);
        if (!kwargs.isEmpty()) call.put("kwargs", kwargs);
        return call;
    }

    private Task option(String option, Object value) {
        return new Task(name, args, kwargs, with(options, option, value), idempotencyKey, isImmutable);
    }

    private static Map<String, Object> with(Map<String, Object> members, String name, Object value) {
        var all = new LinkedHashMap<>(members);
        all.put(name, value);
        return all;
    }

    private static Number seconds(Duration duration) {
        if (duration.getNano() == 0) return duration.toSeconds();
        return duration.toSeconds() + duration.getNano() / 1e9;
    }
}
