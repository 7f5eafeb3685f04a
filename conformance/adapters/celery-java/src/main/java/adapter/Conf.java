package adapter;

import com.geneea.celery.CeleryTask;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** The standard tasks, as far as a worker of celery-java can have them. */
@CeleryTask
public class Conf {
    public long add(long x, long y) {
        return x + y;
    }

    public Object echo(Object value) {
        return value;
    }

    public Map<String, Object> types() {
        Map<String, Object> object = Map.of("a", Collections.singletonMap("b", null));
        return Tagged.object("null", null, "true", true, "int", 1, "float", 1.5, "text", "naïve ☃",
                "list", List.of(1, List.of(2)), "object", object);
    }

    public String big(int length) {
        return "x".repeat(length);
    }

    public Object fail(String type, String message) throws Exception {
        throw switch (type) {
            case "ValueError" -> new ValueError(message);
            case "KeyError" -> new KeyError(message);
            case "RuntimeError" -> new RuntimeError(message);
            case "ZeroDivisionError" -> new ZeroDivisionError(message);
            default -> new MadeUpError(message);
        };
    }

    public long sleep(long milliseconds) throws InterruptedException {
        Thread.sleep(milliseconds);
        return milliseconds;
    }

    /** It acknowledges what it has done, always. */
    public long late(long milliseconds) throws InterruptedException {
        return sleep(milliseconds);
    }

    public long sum(List<Number> numbers) {
        return numbers.stream().mapToLong(Number::longValue).sum();
    }

    static class MadeUpError extends Exception {
        MadeUpError(String message) {
            super(message);
        }
    }

    static class ValueError extends MadeUpError {
        ValueError(String message) {
            super(message);
        }
    }

    static class KeyError extends MadeUpError {
        KeyError(String message) {
            super(message);
        }
    }

    static class RuntimeError extends MadeUpError {
        RuntimeError(String message) {
            super(message);
        }
    }

    static class ZeroDivisionError extends MadeUpError {
        ZeroDivisionError(String message) {
            super(message);
        }
    }
}
