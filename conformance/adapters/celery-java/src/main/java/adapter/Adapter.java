package adapter;

import com.fasterxml.jackson.databind.JsonNode;
import com.geneea.celery.CeleryWorker;
import com.geneea.celery.WorkerException;
import com.rabbitmq.client.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** celery-java as an adapter of the conformance suite: CCP/1 over stdin and stdout, see docs/conformance.md. */
public class Adapter {
    private static final Map<String, ?> ABOUT = Map.of(
            "name", "celery-java", "language", "java", "version", "1.10.4",
            "homepage", "https://github.com/crabhi/celery-java",
            "roles", List.of("producer", "worker", "results"),
            "commands", List.of("publish", "result", "work", "drain"),
            "features", Map.of("protocol", List.of(2), "serializers", List.of("json"), "bigint", true,
                    "brokers", List.of("amqp"), "backends", List.of("rpc"), "acks_late", true));
    private static final List<String> OPTIONS = List.of("task_id", "protocol", "serializer");
    /** As many as its own program for workers starts. */
    private static final int WORKERS = 2;

    private final Seen seen = new Seen();
    private final List<CeleryWorker> workers = new ArrayList<>();
    private final Map<String, Future<Object>> results = new ConcurrentHashMap<>();
    private String broker;
    private Client client;

    public static void main(String[] args) throws Exception {
        Adapter adapter = new Adapter();
        Ccp.answer(Map.of("start", command -> ABOUT, "configure", adapter::configure, "publish", adapter::publish,
                "result", adapter::result, "work", adapter::work, "drain", adapter::drain));
    }

    private Map<String, ?> configure(JsonNode command) throws Exception {
        broker = command.get("broker").asText().replaceFirst("//$", "/%2F");
        String backend = command.path("backend").textValue(); // rpc:// of Celery means the broker
        if (backend != null && backend.startsWith("rpc:")) backend = broker.replaceFirst("^amqp:", "rpc:");
        client = new Client(seen, broker, backend, command.get("queue").asText());
        return Map.of("ok", true);
    }

    private synchronized Map<String, ?> publish(JsonNode command) throws Exception {
        JsonNode call = command.get("call");
        Map<String, Object> options = Tagged.members(call.path("options"));
        for (String name : options.keySet()) {
            if (!OPTIONS.contains(name)) throw new CannotSay("submit() has no " + name);
        }
        if (String.valueOf(options.get("protocol")).equals("1")) throw new CannotSay("it sends protocol 2 only");
        if (call.path("kwargs").size() > 0) throw new CannotSay("submit() has no named arguments");
        Object[] args = Tagged.items(call.path("args")).toArray();
        Future<Object> result = client.submit(call.get("task").asText(), args);
        results.put(seen.lastId, result);
        return Map.of("id", seen.lastId);
    }

    private Map<String, ?> result(JsonNode command) throws Exception {
        Future<Object> result = results.get(command.get("id").asText());
        if (result == null) throw new CannotSay("results come to the client that sent the call");
        try {
            Object value = result.get(command.get("timeout_ms").asLong(), TimeUnit.MILLISECONDS);
            return Tagged.object("state", "SUCCESS", "value", Tagged.tag(value));
        } catch (TimeoutException late) {
            return Map.of("state", "PENDING");
        } catch (ExecutionException failure) {
            if (!(failure.getCause() instanceof WorkerException)) throw failure;
            String[] parts = failure.getCause().getMessage().split("[()]", 3); // Type(message)
            return Map.of("state", "FAILURE", "error", Map.of("type", parts[0], "message", parts[1]));
        }
    }

    private Map<String, ?> work(JsonNode command) throws Exception {
        Connection connection = seen.watch(Connection.class, CeleryWorker.connect(broker, null));
        for (int i = 0; i < WORKERS; i++) {
            CeleryWorker worker = CeleryWorker.builder().connection(connection).queue(command.get("queue").asText()).build();
            worker.start();
            workers.add(worker);
        }
        return Map.of("ready", true);
    }

    private Map<String, ?> drain(JsonNode command) throws Exception {
        for (CeleryWorker worker : workers) worker.close();
        workers.clear();
        return Map.of("ok", true);
    }
}
