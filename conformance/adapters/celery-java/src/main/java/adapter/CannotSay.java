package adapter;

/** What Java or the library has no means for; the answer is `skipped`. */
final class CannotSay extends RuntimeException {
    CannotSay(String message) {
        super(message);
    }
}
