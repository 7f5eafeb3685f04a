/**
 * Sends Celery tasks through a Celerity gateway, follows them and reads their results.
 *
 * <pre>{@code
 * var client = CelerityClient.fromEnvironment();
 * int sum = client.call(Task.of("examples.add", 2, 3), Integer.class, Duration.ofSeconds(30));
 * }</pre>
 *
 * <p>What goes wrong is a {@link io.celerity.client.CelerityException}. Methods whose names end in {@code Async} block
 * no thread; their futures fail with the same exceptions.
 */
package io.celerity.client;
