package adapter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The loop that answers commands. */
final class Ccp {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Ccp() { }

    /** What answers a command. */
    interface Command {
        Map<String, ?> run(JsonNode command) throws Exception;
    }

    /** Answers commands until `stop`, several at a time. Others who write to standard output reach standard error. */
    static void answer(Map<String, Command> commands) throws IOException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        ExecutorService threads = Executors.newCachedThreadPool();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode command = JSON.readTree(line);
            if (command.get("cmd").asText().equals("stop")) break;
            threads.submit(() -> {
                Map<String, Object> said = new LinkedHashMap<>(run(commands, command));
                said.put("seq", command.get("seq"));
                out.println(JSON.writeValueAsString(said));
                return null;
            });
        }
        System.exit(0);
    }

    private static Map<String, ?> run(Map<String, Command> commands, JsonNode command) {
        String name = command.get("cmd").asText();
        try {
            if (!commands.containsKey(name)) throw new CannotSay("this adapter has no " + name);
            return commands.get(name).run(command);
        } catch (CannotSay refusal) {
            return Map.of("skipped", true, "message", refusal.getMessage());
        } catch (Throwable error) {
            error.printStackTrace();
            return Map.of("errored", true, "message", error.toString());
        }
    }
}
