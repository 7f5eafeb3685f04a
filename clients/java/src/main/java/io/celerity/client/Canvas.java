package io.celerity.client;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Map;

/** Work of several tasks: a {@link Task}, or a chain, a group or a chord, nested in any way. */
public sealed interface Canvas permits Task, Canvas.Chain, Canvas.Group, Canvas.Chord {

    /** The JSON that the gateway takes. */
    @JsonValue
    Map<String, Object> toJson();

    /** Steps one after the other; each gets the result of the one before as its first argument. */
    static Canvas chain(Canvas... steps) {
        return new Chain(List.of(steps));
    }

    /** All at once; the result is the list of theirs. */
    static Canvas group(Canvas... members) {
        return new Group(List.of(members));
    }

    /** All of the header at once, and then the body with the list of their results. */
    static Canvas chord(List<? extends Canvas> header, Canvas body) {
        return new Chord(List.copyOf(header), body);
    }

    /** One after the other. */
    record Chain(List<Canvas> steps) implements Canvas {
        @Override
        public Map<String, Object> toJson() {
            return Map.of("chain", steps);
        }
    }

    /** At once. */
    record Group(List<Canvas> members) implements Canvas {
        @Override
        public Map<String, Object> toJson() {
            return Map.of("group", members);
        }
    }

    /** At once, and then one more. */
    record Chord(List<Canvas> header, Canvas body) implements Canvas {
        @Override
        public Map<String, Object> toJson() {
            return Map.of("chord", Map.of("header", header, "body", body));
        }
    }
}
