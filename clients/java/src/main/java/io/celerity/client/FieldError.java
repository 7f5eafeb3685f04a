package io.celerity.client;

/**
 * One thing wrong in the body of a request.
 *
 * @param pointer JSON Pointer into the body
 * @param detail what is wrong there
 */
public record FieldError(String pointer, String detail) {}
