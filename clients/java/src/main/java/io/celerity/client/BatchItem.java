package io.celerity.client;

/**
 * What became of one task of a batch: a handle, or the problem why there is none.
 *
 * @param status 202 for a task that was sent, 200 for one that was there before, else that of the problem
 * @param task null when there is a problem
 * @param problem null when there is a task
 */
public record BatchItem(int status, TaskHandle task, Problem problem) {}
