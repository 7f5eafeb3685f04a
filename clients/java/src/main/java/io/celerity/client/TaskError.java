package io.celerity.client;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * How a task failed, in the words of the language it is written in.
 *
 * @param type name of the exception
 * @param module where the exception is defined
 * @param message type and text
 * @param args arguments of the exception
 * @param traceback shown by gateways that are set to; else null
 */
public record TaskError(String type, String module, String message, JsonNode args, String traceback) {}
