import io.celerity.client.Canvas;
import io.celerity.client.CelerityClient;
import io.celerity.client.ProblemException;
import io.celerity.client.Task;
import java.time.Duration;
import java.util.List;

/** Adds numbers at once, then sums up the results, and tells how far it is. */
public final class Workflow {
    public static void main(String[] args) {
        var client = CelerityClient.fromEnvironment();
        var handle = client.submitWorkflow(Canvas.chord(
                List.of(
                        Task.of("examples.add", 1, 2),
                        Canvas.chain(Task.of("examples.add", 3, 4), Task.of("examples.add", 5))),
                Task.of("examples.sum")));
        try (var events = handle.events()) {
            for (var event : events) System.out.println(event.type() + " " + event.data());
        }
        try {
            System.out.println("sum: " + handle.result(Integer.class, Duration.ofMinutes(1)));
        } catch (ProblemException.TaskFailed failed) {
            System.err.println("The task " + failed.problem().taskId() + " failed: " + failed.getMessage());
            System.exit(1);
        }
    }
}
