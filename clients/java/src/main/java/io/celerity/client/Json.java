package io.celerity.client;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** How the gateway's own JSON is read: names with underscores, numbers exactly, unknown members left out. */
final class Json {
    /** A gateway passes on integers of up to 4300 digits. */
    private static final int MAX_DIGITS = 5000;

    private static final ObjectMapper WIRE = exact()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .addModule(new SimpleModule().addDeserializer(Instant.class, new InstantReader()))
            .build();

    private Json() {}

    /** For arguments and results, whose types are the caller's. */
    static JsonMapper.Builder exact() {
        var limits = StreamReadConstraints.builder()
                .maxNumberLength(MAX_DIGITS)
                .maxStringLength(Answer.MAX_BYTES)
                .build();
        return JsonMapper.builder(JsonFactory.builder().streamReadConstraints(limits).build())
                .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    }

    static <T> T read(byte[] text, Class<T> type) {
        return read(WIRE, text, WIRE.constructType(type));
    }

    static <T> T read(ObjectMapper mapper, byte[] text, JavaType type) {
        try {
            return mapper.readValue(text, type);
        } catch (IOException e) {
            throw new UnexpectedAnswerException("The answer is no " + type.toCanonical() + ": " + e.getMessage(), e);
        }
    }

    static <T> T read(String text, Class<T> type) {
        return read(text.getBytes(StandardCharsets.UTF_8), type);
    }

    static <T> T read(JsonNode value, Class<T> type) {
        return read(WIRE, value, WIRE.constructType(type));
    }

    static <T> T read(ObjectMapper mapper, JsonNode value, JavaType type) {
        try {
            return mapper.treeToValue(value, type);
        } catch (JsonProcessingException e) {
            throw new UnexpectedAnswerException("The answer is no " + type.toCanonical() + ": " + e.getMessage(), e);
        }
    }

    /** Null when it is no JSON. */
    static JsonNode readIfJson(byte[] text) {
        try {
            return WIRE.readTree(text);
        } catch (IOException notJson) {
            return null;
        }
    }

    /** Times with any offset. */
    private static final class InstantReader extends StdDeserializer<Instant> {
        InstantReader() {
            super(Instant.class);
        }

        @Override
        public Instant deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            return Instant.parse(parser.getText());
        }
    }
}
