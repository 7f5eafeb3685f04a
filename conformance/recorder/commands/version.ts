/** What the recorder says it is: the Redis whose answers it gives. */
export const SERVER_VERSION = "7.2.0";
