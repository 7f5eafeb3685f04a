<?php

declare(strict_types=1);

namespace Celerity\Internal;

use Celerity\ClientOptions;
use Celerity\Event;
use Celerity\Exception\ApiException;
use Celerity\Exception\NetworkException;
use Celerity\Exception\TimeoutException;
use Celerity\Http\CurlTransport;
use Celerity\Http\Request;
use Celerity\Http\Response;
use Celerity\Http\StreamTransport;
use Celerity\Http\Transport;
use Celerity\Retry;

/**
 * Requests to one gateway: with credentials, and again when they fail for a moment.
 *
 * @internal
 */
final class Gateway
{
    /** The longest wait of one request, in seconds. */
    private const SLICE = 20;
    /** The pause between two looks when the gateway does not say how long. */
    private const DEFAULT_PAUSE = 1.0;
    /** Seconds that a stream may be silent: the gateway says that it is there every 15 seconds. */
    private const STREAM_PAUSE = 45.0;

    private readonly Transport $transport;

    public function __construct(
        private readonly string $url,
        #[\SensitiveParameter]
        private readonly ?string $key,
        private readonly ClientOptions $options,
    ) {
        $this->transport = $options->transport
            ?? (extension_loaded('curl') ? new CurlTransport() : new StreamTransport());
    }

    public function get(string $path): Answer
    {
        return $this->send('GET', $path);
    }

    /** The same key goes with every attempt, so that nothing is sent twice. */
    public function post(string $path, mixed $body, ?string $idempotencyKey = null): Answer
    {
        $headers = ['Content-Type' => 'application/json', 'Idempotency-Key' => $idempotencyKey ?? self::uuid()];
        return $this->send('POST', $path, $headers, Json::encode($body));
    }

    public function delete(string $path): Answer
    {
        return $this->send('DELETE', $path);
    }

    /**
     * Asks until `$read` makes something of the answer.
     *
     * @template T
     * @param \Closure(Answer): (T|null) $read
     * @return T
     * @throws TimeoutException
     */
    public function poll(string $path, float $timeout, \Closure $read): mixed
    {
        $deadline = microtime(true) + $timeout;
        while (true) {
            $wait = (int) max(0, min(self::SLICE, $deadline - microtime(true)));
            $answer = $this->send('GET', $path, $wait > 0 ? ['Prefer' => "wait=$wait"] : [], wait: $wait);
            $value = $read($answer);
            if ($value !== null) {
                return $value;
            }
            $left = $deadline - microtime(true);
            if ($left <= 0) {
                throw new TimeoutException("$path has not ended within $timeout s.");
            }
            usleep((int) (min($left, $answer->retryAfter ?? self::DEFAULT_PAUSE) * 1_000_000));
        }
    }

    /**
     * Events until the end, over as many connections as it takes.
     *
     * @return \Generator<int, Event>
     */
    public function events(string $path): \Generator
    {
        $parser = new EventParser();
        $failed = 0;
        while (true) {
            try {
                $response = $this->open($path, $parser->lastId);
                if ($response->status === 204) {
                    $response->read(); // Nothing, which ends the transfer.
                    return;
                }
                foreach ($response->body as $piece) {
                    foreach ($parser->push($piece) as $event) {
                        if ($event->event === 'end') {
                            return;
                        }
                        $failed = 0;
                        yield $event;
                    }
                }
                throw new NetworkException('The stream ended early.');
            } catch (ApiException | NetworkException $error) {
                $this->options->retry->pause(++$failed, $error, $parser->retry);
                $parser->restart();
            }
        }
    }

    /** @param array<string, string> $headers */
    private function send(string $method, string $path, array $headers = [], string $body = '', int $wait = 0): Answer
    {
        $request = $this->request($method, $path, $headers, $body, $this->options->timeout + $wait);
        return $this->options->retry->run(function () use ($request): Answer {
            $response = $this->checked($request);
            return new Answer($response->status, $response->read(), self::retryAfter($response));
        });
    }

    private function open(string $path, ?string $lastId): Response
    {
        $headers = ['Accept' => 'text/event-stream', ...($lastId === null ? [] : ['Last-Event-ID' => $lastId])];
        $timeout = max($this->options->timeout, self::STREAM_PAUSE);
        return $this->checked($this->request('GET', $path, $headers, '', $timeout, isStream: true));
    }

    /** @param array<string, string> $headers */
    private function request(
        string $method,
        string $path,
        array $headers,
        string $body,
        float $timeout,
        bool $isStream = false,
    ): Request {
        $headers += ['Accept' => 'application/json', 'User-Agent' => $this->options->userAgent];
        $headers += $this->key === null ? [] : ['Authorization' => "Bearer {$this->key}"];
        return new Request($method, $this->url . $path, $headers, $body, $timeout, $isStream);
    }

    /** Anything but success is thrown. */
    private function checked(Request $request): Response
    {
        $response = $this->transport->open($request);
        if ($response->isSuccess()) {
            return $response;
        }
        throw ApiException::fromAnswer($response->status, $response->read(), self::retryAfter($response));
    }

    private static function retryAfter(Response $response): ?float
    {
        return Retry::parseRetryAfter($response->headers['retry-after'] ?? '', time());
    }

    /** A random UUID, version 4. */
    private static function uuid(): string
    {
        $bytes = random_bytes(16);
        $bytes[6] = chr(ord($bytes[6]) & 0x0f | 0x40);
        $bytes[8] = chr(ord($bytes[8]) & 0x3f | 0x80);
        return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($bytes), 4));
    }
}
