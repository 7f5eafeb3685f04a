package io.celerity.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What the gateway knows of a workflow. What it does not know is null.
 *
 * @param id that of its last result
 * @param rootId that of its first result
 * @param terminal the state will not change any more
 * @param total tasks
 * @param ended tasks that have ended
 * @param counts tasks by state
 * @param result of the whole; only in SUCCESS
 * @param error of the task that decided that nothing can follow
 * @param failedTask the id of that task
 */
public record WorkflowStatus(
        String id,
        String rootId,
        String state,
        boolean terminal,
        int total,
        int ended,
        Map<String, Integer> counts,
        JsonNode result,
        TaskError error,
        String failedTask,
        Instant submittedAt,
        Instant doneAt) {

    /** It ended with a result. */
    public boolean isSuccess() {
        return state.equals(TaskStatus.SUCCESS);
    }

    Poll.Look<WorkflowStatus> toLook() {
        return new Poll.Look<>(state, Optional.ofNullable(terminal ? this : null));
    }
}
