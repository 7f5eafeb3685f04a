import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.celerity.client.WebhookException;
import io.celerity.client.WebhookVerifier;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Is told how tasks end: by signed webhooks at http://127.0.0.1:8090/hooks/tasks. */
public final class Receiver {
    private static final int MAX_BODY = 1 << 20;

    private final WebhookVerifier webhooks;

    private Receiver(WebhookVerifier webhooks) {
        this.webhooks = webhooks;
    }

    public static void main(String[] args) throws IOException {
        var secret = System.getenv("WEBHOOK_SECRET");
        if (secret == null) {
            System.err.println("Set WEBHOOK_SECRET to the whsec_... of the gateway's --webhook-secret.");
            System.exit(1);
        }
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 8090), 0);
        server.createContext("/hooks/tasks", new Receiver(WebhookVerifier.of(secret))::receive);
        server.start();
    }

    private void receive(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.sendResponseHeaders(statusFor(exchange), -1);
        }
    }

    private int statusFor(HttpExchange exchange) throws IOException {
        var body = exchange.getRequestBody().readNBytes(MAX_BODY);
        try {
            var event = webhooks.verify(body, exchange.getRequestHeaders());
            var task = event.status();
            System.out.println(event.id() + ": " + task.task() + " " + task.id() + " is " + task.state());
            return 204;
        } catch (WebhookException refused) {
            System.out.println(refused.getMessage());
            return 401;
        }
    }
}
