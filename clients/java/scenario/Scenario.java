import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.celerity.client.Canvas;
import io.celerity.client.CelerityClient;
import io.celerity.client.ProblemException;
import io.celerity.client.Task;
import io.celerity.client.TaskStatus;
import io.celerity.client.WebhookException;
import io.celerity.client.WebhookVerifier;
import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.StreamSupport;

/**
 * Does the steps of clients/scenario.json through the public methods of the client, and prints one line of JSON for
 * each: {@code java -cp 'target/classes:target/lib/*' scenario/Scenario.java}.
 */
public final class Scenario {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();
    private static final Map<String, String> URLS =
            Map.of("", "CELERITY_URL", "busy", "URL_BUSY", "cut", "URL_CUT", "down", "URL_DOWN");
    private static final Set<String> BEFORE_IT_RUNS = Set.of("PENDING", "ACCEPTED", "STARTED");

    /** Ids that steps have saved, and texts that are made once, by their names with the dollar. */
    private final Map<String, String> saved = new HashMap<>();

    public static void main(String[] args) throws Exception {
        var scenario = new Scenario();
        var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        var steps = JSON.readTree(Path.of(System.getenv("SCENARIO")).toFile()).get("steps");
        for (var step : steps) out.println(JSON.writeValueAsString(scenario.line(step)));
    }

    private Map<String, Object> line(JsonNode step) {
        var line = new LinkedHashMap<String, Object>();
        line.put("step", step.path("name").asText());
        try {
            line.put("value", run(step));
        } catch (ProblemException refused) {
            var problem = refused.problem();
            line.put("problem", problem.type());
            line.put("status", problem.status());
            if (problem.taskError() != null) line.put("error", problem.taskError().message());
            line.put("pointers", problem.errors().stream().map(error -> error.pointer()).toList());
        } catch (Exception e) {
            line.put("broken", e.toString());
        }
        return line;
    }

    private Object run(JsonNode step) throws Exception {
        var kind = step.path("do").asText();
        if (kind.equals("verify")) return verify(step.path("webhook").asText());
        var client = client(step);
        var timeout = Duration.ofSeconds(step.path("timeout_s").asLong(60));
        var handle = client.task(text(step.path("id").asText()));
        return switch (kind) {
            case "submit" -> submit(client, step);
            case "get" -> view(handle.status());
            case "wait" -> view(handle.await(timeout));
            case "call" -> Map.of("result", client.call(task(step), JsonNode.class, timeout));
            case "result" -> handle.result(JsonNode.class, timeout);
            case "exact" -> client.call(task(step), BigInteger.class, timeout).toString();
            case "stream" -> stream(client, step);
            case "cancel" -> {
                handle.cancel();
                yield Map.of("id", handle.id());
            }
            case "batch" -> batch(client, step);
            case "workflow" -> {
                var end = client.submitWorkflow(canvas(step.get("canvas"))).await(timeout);
                yield Map.of("state", end.state(), "result", end.result());
            }
            default -> throw new IllegalArgumentException("nothing is known of " + kind);
        };
    }

    private static CelerityClient client(JsonNode step) {
        var builder = CelerityClient.builder().url(System.getenv(URLS.get(step.path("url").asText())));
        return step.path("key").asText().equals("none") ? builder.key("").build() : builder.build();
    }

    private Object submit(CelerityClient client, JsonNode step) {
        var handle = client.submit(task(step));
        if (step.has("save")) saved.put("$" + step.get("save").asText(), handle.id());
        return Map.of("id", handle.id(), "task", handle.task(), "state", handle.state());
    }

    private static Object view(TaskStatus status) {
        var view = new LinkedHashMap<String, Object>();
        view.put("id", status.id());
        view.put("state", status.state());
        if (status.result() != null) view.put("result", status.result());
        return view;
    }

    private Object stream(CelerityClient client, JsonNode step) {
        var states = new ArrayList<String>();
        var progress = new ArrayList<JsonNode>();
        var value = new LinkedHashMap<String, Object>(Map.of("states", states, "progress", progress));
        try (var events = client.submit(task(step)).events()) {
            for (var event : events) {
                var status = event.status();
                switch (event.type()) {
                    case "state" -> {
                        if (!BEFORE_IT_RUNS.contains(status.state()) && !states.contains(status.state()))
                            states.add(status.state());
                    }
                    case "progress" -> progress.add(status.meta().path("done"));
                    case "result" -> value.put("result", status.result());
                    default -> {}
                }
            }
        }
        return value;
    }

    private Object batch(CelerityClient client, JsonNode step) {
        var tasks = StreamSupport.stream(step.get("items").spliterator(), false).map(this::task).toList();
        var items = client.batch(tasks);
        var problems = new ArrayList<String>();
        for (var item : items) problems.add(item.problem() == null ? null : item.problem().type());
        return Map.of("statuses", items.stream().map(item -> item.status()).toList(), "problems", problems);
    }

    private Task task(JsonNode call) {
        var args = StreamSupport.stream(call.path("args").spliterator(), false).toArray();
        var task = Task.of(call.get("task").asText(), args);
        for (var argument : call.path("kwargs").properties()) task = task.kwarg(argument.getKey(), argument.getValue());
        for (var option : call.path("options").properties()) task = with(task, option.getKey(), option.getValue());
        return task;
    }

    private Task with(Task task, String option, JsonNode value) {
        return switch (option) {
            case "tags" -> task.tags(JSON.convertValue(value, String[].class));
            case "priority" -> task.priority(value.asInt());
            case "delay_s" -> task.delay(Duration.ofSeconds(value.asLong()));
            case "expires_s" -> task.expiresIn(Duration.ofSeconds(value.asLong()));
            case "idempotency_key" -> task.idempotencyKey(text(value.asText()));
            default -> throw new IllegalArgumentException("nothing is known of the option " + option);
        };
    }

    private Canvas canvas(JsonNode json) {
        if (json.has("chain")) return Canvas.chain(canvases(json.get("chain")).toArray(Canvas[]::new));
        if (json.has("group")) return Canvas.group(canvases(json.get("group")).toArray(Canvas[]::new));
        if (json.has("chord"))
            return Canvas.chord(canvases(json.at("/chord/header")), canvas(json.at("/chord/body")));
        return task(json);
    }

    private List<Canvas> canvases(JsonNode parts) {
        return StreamSupport.stream(parts.spliterator(), false).map(this::canvas).toList();
    }

    /** Puts in what a name with a dollar stands for. */
    private String text(String text) {
        if (text.startsWith("$unique-"))
            return saved.computeIfAbsent(text, name -> UUID.randomUUID().toString());
        return saved.getOrDefault(text, text);
    }

    private static Object verify(String name) throws Exception {
        var given = JSON.readTree(Path.of(System.getenv("WEBHOOKS")).toFile()).get(name);
        var secret = given.get("secret");
        var secrets = secret.isArray() ? JSON.convertValue(secret, String[].class) : new String[] {secret.asText()};
        var headers = new TreeMap<String, List<String>>();
        for (var header : given.get("headers").properties())
            headers.put(header.getKey(), List.of(header.getValue().asText()));
        try {
            var body = Base64.getDecoder().decode(given.get("body_base64").asText());
            var event = WebhookVerifier.of(secrets).verify(body, headers);
            return Map.of("valid", true, "type", event.type());
        } catch (WebhookException refused) {
            return Map.of("valid", false);
        }
    }
}
