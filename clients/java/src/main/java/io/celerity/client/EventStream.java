package io.celerity.client;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * Everything that happens to a task or a workflow, as it happens. The stream is opened with the first event that is
 * asked for, and taken up again after a break, when the state at that moment comes first. It ends after the event
 * {@code end}.
 *
 * <pre>{@code
 * try (var events = handle.events()) {
 *     for (var event : events) System.out.println(event.type() + " " + event.data());
 * }
 * }</pre>
 *
 * <p>For one thread and one loop; {@link #close} may come from any thread.
 */
public final class EventStream implements Iterable<Event>, Iterator<Event>, AutoCloseable {
    /** A gateway sends a comment every 15 s. */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(90);

    private final Transport transport;
    private final String path;
    private final Silence silence = new Silence(LONGEST_SILENCE);

    private String lastId = "";
    private int failures;
    private Event next;
    private boolean isEnded;
    private EventReader reader;
    private volatile InputStream open;
    private volatile boolean isClosed;

    EventStream(Transport transport, String path) {
        this.transport = transport;
        this.path = path;
    }

    @Override
    public Iterator<Event> iterator() {
        return this;
    }

    /** Waits for the next event. Throws CelerityException when the stream cannot be taken up again. */
    @Override
    public boolean hasNext() {
        while (next == null && !isEnded && !isClosed) {
            try {
                read();
            } catch (IOException | CelerityException e) {
                if (!isClosed) retry(Transport.toFailure(e));
            }
        }
        return next != null;
    }

    @Override
    public Event next() {
        if (!hasNext()) throw new NoSuchElementException("The stream has ended");
        var event = next;
        next = null;
        return event;
    }

    /** Ends the stream; a thread that waits for an event is told that there is none. */
    @Override
    public void close() {
        isClosed = true;
        disconnect();
    }

    private void read() throws IOException {
        if (reader == null && !connect()) return;
        var event = listen();
        lastId = reader.lastId();
        if (event == null) throw new NetworkException("The stream was cut", null);
        failures = 0;
        next = event;
        if (!event.type().equals("end")) return;
        isEnded = true;
        disconnect();
    }

    private Event listen() throws IOException {
        var watch = silence.watch(this::disconnect);
        try {
            return reader.next();
        } finally {
            watch.complete(null);
        }
    }

    /** False when there is nothing more to come. */
    private boolean connect() throws IOException {
        var headers = new HashMap<>(Map.of("Accept", "text/event-stream"));
        if (!lastId.isEmpty()) headers.put("Last-Event-ID", lastId);
        var response = transport.open(Request.get(path, headers));
        open = response.body();
        if (isClosed) disconnect();
        isEnded = response.statusCode() == 204;
        reader = new EventReader(open, lastId, silence::heard);
        return !isEnded;
    }

    private void retry(CelerityException failure) {
        var asked = reader == null ? Duration.ZERO : reader.retry();
        disconnect();
        reader = null;
        failures += 1;
        var delay = transport.retry().next(failures, failure).orElseThrow(() -> failure);
        Transport.join(Transport.after(RetryPolicy.max(delay, asked)));
    }

    private void disconnect() {
        var body = open;
        if (body == null) return;
        try {
            body.close();
        } catch (IOException ignored) {
            // It is not read any more.
        }
    }
}
