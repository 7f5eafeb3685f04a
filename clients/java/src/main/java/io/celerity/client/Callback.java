package io.celerity.client;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * Who is told how a task ends: a URL, or an endpoint that the gateway knows by name.
 *
 * @param on any of {@code success}, {@code failure}, {@code revoked}, {@code retried}; null for the first three
 * @param mode {@code full} (default) or {@code thin}
 * @param format {@code webhook} (default) or {@code cloudevents}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Callback(String url, String endpoint, List<String> on, String mode, String format) {
    /** Tells a URL. */
    public static Callback to(String url) {
        return new Callback(url, null, null, null, null);
    }

    /** Tells an endpoint of the gateway. */
    public static Callback toEndpoint(String name) {
        return new Callback(null, name, null, null, null);
    }

    /** The same for these ends only. */
    public Callback on(String... ends) {
        return new Callback(url, endpoint, List.of(ends), mode, format);
    }
}
