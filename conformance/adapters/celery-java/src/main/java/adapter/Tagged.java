package adapter;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Values as tagged JSON: tag() writes them, untag() reads them. docs/conformance.md has the table. */
final class Tagged {
    private Tagged() { }

    static Object untag(JsonNode value) {
        if (value.isArray()) return items(value);
        if (!value.isObject()) return value.isTextual() ? value.asText() : value.isNull() ? null : value.asBoolean();
        String name = value.size() == 1 ? value.fieldNames().next() : "";
        JsonNode content = value.path(name);
        return switch (name) {
            case "$int" -> new BigInteger(content.asText());
            case "$float" -> Double.valueOf(content.asText().replace("inf", "Infinity"));
            case "$nan" -> Double.NaN;
            case "$dict" -> {
                Map<Object, Object> members = new LinkedHashMap<>();
                content.forEach(member -> members.put(untag(member.get(0)), untag(member.get(1))));
                yield members;
            }
            default -> {
                if (name.startsWith("$")) throw new CannotSay("JSON of Java has no " + name);
                yield members(value);
            }
        };
    }

    static List<Object> items(JsonNode array) {
        List<Object> items = new ArrayList<>();
        array.forEach(item -> items.add(untag(item)));
        return items;
    }

    static Map<String, Object> members(JsonNode object) {
        Map<String, Object> members = new LinkedHashMap<>();
        object.fields().forEachRemaining(member -> members.put(member.getKey(), untag(member.getValue())));
        return members;
    }

    static Object tag(Object value) {
        if (value instanceof Double) return Map.of("$float", value.toString().replace("Infinity", "inf"));
        if (value instanceof Number) return Map.of("$int", value.toString());
        if (value instanceof List<?> list) return list.stream().map(Tagged::tag).toList();
        if (!(value instanceof Map<?, ?> map)) return value;
        Map<String, Object> members = new LinkedHashMap<>();
        map.forEach((name, member) -> members.put(name.toString(), tag(member)));
        if (members.size() > 1 || !String.join("", members.keySet()).startsWith("$")) return members;
        return Map.of("$dict", members.entrySet().stream().map(m -> List.of(m.getKey(), m.getValue())).toList());
    }

    /** An object of names and values in turn, which may be null. */
    static Map<String, Object> object(Object... members) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < members.length; i += 2) object.put((String) members[i], members[i + 1]);
        return object;
    }
}
