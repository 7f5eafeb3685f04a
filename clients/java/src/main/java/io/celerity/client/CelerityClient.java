package io.celerity.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** Talks to one gateway. Safe for use by several threads: make one and share it. */
public final class CelerityClient {
    /** Where a gateway listens unless told otherwise. */
    public static final String DEFAULT_URL = "http://127.0.0.1:8420";

    static final String VERSION = "0.1.0";

    final Transport transport;
    final ObjectMapper mapper;

    private CelerityClient(Builder options) {
        transport = new Transport(options);
        mapper = options.mapper;
    }

    /** A client made of {@code CELERITY_URL}, by default {@link #DEFAULT_URL}, and {@code CELERITY_API_KEY}. */
    public static CelerityClient fromEnvironment() {
        return builder().build();
    }

    /** A builder that begins with what {@link #fromEnvironment} takes. */
    public static Builder builder() {
        return new Builder();
    }

    /** Sends a task. Returns once the broker has confirmed it, and does not wait for its end. */
    public TaskHandle submit(Task task) {
        return Transport.join(submitAsync(task));
    }

    /** {@link #submit} without blocking. */
    public CompletableFuture<TaskHandle> submitAsync(Task task) {
        var key = task.idempotencyKey();
        var options = key == null ? new SendOption[0] : new SendOption[] {SendOption.idempotencyKey(key)};
        return post("/v1/tasks", task.body(), options)
                .thenApply(answer -> new TaskHandle(this, Json.read(answer.body(), TaskHandle.Accepted.class)));
    }

    /** Sends a task and waits for what it returns. Throws what {@link TaskHandle#result(Class, Duration)} throws. */
    public <T> T call(Task task, Class<T> type, Duration timeout) {
        return Transport.join(callAsync(task, type, timeout));
    }

    /** The same for types such as {@code List<Integer>}. */
    public <T> T call(Task task, TypeReference<T> type, Duration timeout) {
        return submit(task).result(type, timeout);
    }

    /** {@link #call(Task, Class, Duration)} without blocking. */
    public <T> CompletableFuture<T> callAsync(Task task, Class<T> type, Duration timeout) {
        return submitAsync(task).thenCompose(handle -> handle.resultAsync(type, timeout));
    }

    /** Sends up to 1000 tasks in one request, each by itself unless told otherwise. The items are in their order. */
    public List<BatchItem> batch(List<Task> tasks, SendOption... options) {
        var bodies = tasks.stream().map(Task::batchItem).toList();
        var answer = Transport.join(post("/v1/tasks:batch", bodies, options));
        return Json.read(answer.body(), BatchAnswer.class).items().stream()
                .map(this::toItem)
                .toList();
    }

    private record BatchAnswer(List<Item> items) {
        record Item(int status, String id, String task, boolean deduplicated, JsonNode problem) {}
    }

    private BatchItem toItem(BatchAnswer.Item item) {
        if (item.problem() != null)
            return new BatchItem(item.status(), null, Problem.of(item.problem(), item.status(), Duration.ZERO));
        var accepted = new TaskHandle.Accepted(item.id(), item.task(), null, item.deduplicated());
        return new BatchItem(item.status(), new TaskHandle(this, accepted), null);
    }

    /** Sends a workflow. Returns once the broker has every message that starts it. */
    public WorkflowHandle submitWorkflow(Canvas canvas, SendOption... options) {
        return Transport.join(submitWorkflowAsync(canvas, options));
    }

    /** {@link #submitWorkflow} without blocking. */
    public CompletableFuture<WorkflowHandle> submitWorkflowAsync(Canvas canvas, SendOption... options) {
        return post("/v1/workflows", canvas.toJson(), options)
                .thenApply(answer -> new WorkflowHandle(this, Json.read(answer.body(), WorkflowHandle.Accepted.class)));
    }

    /** The handle of a task by its id; asks nothing of the gateway. */
    public TaskHandle task(String id) {
        return new TaskHandle(this, new TaskHandle.Accepted(Objects.requireNonNull(id, "id"), null, null, false));
    }

    /** The handle of a workflow by the id of its last or its first result; asks nothing of the gateway. */
    public WorkflowHandle workflow(String id) {
        return new WorkflowHandle(this, new WorkflowHandle.Accepted(Objects.requireNonNull(id, "id"), null));
    }

    /** Sends something with an idempotency key, which is the same in every attempt. */
    CompletableFuture<Answer> post(String path, Object body, SendOption... options) {
        var headers = new HashMap<String, String>();
        headers.put("Content-Type", "application/json");
        headers.put("Idempotency-Key", UUID.randomUUID().toString());
        for (var option : options) headers.put(option.header(), option.value());
        try {
            return transport.send(Request.post(path, Map.copyOf(headers), mapper.writeValueAsBytes(body)));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("The arguments have no JSON form: " + e.getMessage(), e);
        }
    }

    /** As a part of a path. */
    static String segment(String id) {
        return URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** What a client is made of. */
    public static final class Builder {
        String base = fromEnvironment("CELERITY_URL", DEFAULT_URL);
        String key = fromEnvironment("CELERITY_API_KEY", "");
        String userAgent = "celerity-java/" + VERSION;
        Duration timeout = Duration.ofSeconds(30);
        RetryPolicy retry = RetryPolicy.DEFAULT;
        HttpClient http;
        ObjectMapper mapper;

        private Builder() {}

        /** Where the gateway is; with a path when it is mounted below one. */
        public Builder url(String url) {
            base = url;
            return this;
        }

        /** The API key or token; empty for none. */
        public Builder key(String key) {
            this.key = key;
            return this;
        }

        /** Bounds each request, and each repetition of it by itself. Default: 30 s. */
        public Builder timeout(Duration timeout) {
            this.timeout = timeout;
            return this;
        }

        /** How requests are repeated. */
        public Builder retry(RetryPolicy retry) {
            this.retry = retry;
            return this;
        }

        /** Replaces the User-Agent of the requests. */
        public Builder userAgent(String userAgent) {
            this.userAgent = userAgent;
            return this;
        }

        /** Another HTTP client, for a proxy, a client certificate or threads of your own. */
        public Builder httpClient(HttpClient http) {
            this.http = http;
            return this;
        }

        /** Writes arguments, reads results. Default: one that keeps numbers exact and passes over unknown members. */
        public Builder mapper(ObjectMapper mapper) {
            this.mapper = mapper;
            return this;
        }

        /** Throws IllegalArgumentException for a URL that is none of a gateway. */
        public CelerityClient build() {
            base = checked(base);
            if (http == null) http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
            if (mapper == null) mapper = Json.exact().build();
            return new CelerityClient(this);
        }

        private static String fromEnvironment(String name, String otherwise) {
            var value = System.getenv(name);
            return value == null || value.isEmpty() ? otherwise : value;
        }

        private static String checked(String url) {
            var uri = URI.create(url);
            var isHttp = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (!isHttp || uri.getHost() == null)
                throw new IllegalArgumentException("The gateway's URL must begin with http:// or https://, not " + url);
            if (uri.getRawUserInfo() != null || uri.getRawQuery() != null || uri.getRawFragment() != null)
                throw new IllegalArgumentException("The gateway's URL may have a host and a path only");
            return url.replaceFirst("/+$", "");
        }
    }
}
