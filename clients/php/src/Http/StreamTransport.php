<?php

declare(strict_types=1);

namespace Celerity\Http;

use Celerity\Exception\NetworkException;

/** PHP's own http:// and https:// streams. Each request has a connection of its own. */
final class StreamTransport implements Transport
{
    private const PIECE_BYTES = 65_536;

    public function open(Request $request): Response
    {
        $deadline = microtime(true) + $request->timeout;
        $stream = $this->connect($request);
        $head = stream_get_meta_data($stream)['wrapper_data'] ?? [];
        $response = Response::fromHead($head, self::none());
        $length = $response->headers['content-length'] ?? null;
        $body = self::pieces($stream, $request->isStream ? null : $deadline, $length === null ? null : (int) $length);
        return new Response($response->status, $response->headers, $body);
    }

    /** @return resource */
    private function connect(Request $request)
    {
        $context = stream_context_create(['http' => [
            'method' => $request->method,
            'header' => $request->headerLines(),
            'content' => $request->body,
            'protocol_version' => 1.1,
            'timeout' => $request->timeout,
            'follow_location' => 0,
            'ignore_errors' => true,
        ]]);
        $trouble = null;
        set_error_handler(static function (int $level, string $message) use (&$trouble): bool {
            $trouble ??= $message; // The first says why.
            return true;
        });
        try {
            $stream = fopen($request->url, 'rb', false, $context);
        } finally {
            restore_error_handler();
        }
        return $stream !== false ? $stream : throw new NetworkException($trouble ?? 'No answer came.');
    }

    /**
     * @param resource $stream
     * @return \Generator<int, string>
     */
    private static function pieces($stream, ?float $deadline, ?int $length): \Generator
    {
        $read = 0;
        while (!feof($stream)) {
            if ($deadline !== null) {
                $left = max(0.001, $deadline - microtime(true));
                stream_set_timeout($stream, (int) $left, (int) (fmod($left, 1) * 1_000_000));
            }
            $piece = fread($stream, self::PIECE_BYTES);
            if ($piece === false || stream_get_meta_data($stream)['timed_out']) {
                throw new NetworkException('The answer took too long.');
            }
            if ($piece !== '') {
                $read += strlen($piece);
                yield $piece;
            }
        }
        if ($length !== null && $read < $length) {
            throw new NetworkException("The answer was cut after $read of $length bytes.");
        }
    }

    /** @return \Generator<int, string> */
    private static function none(): \Generator
    {
        yield from [];
    }
}
