<?php

declare(strict_types=1);

namespace Celerity\Http;

/**
 * One request of libcurl, and what has come of its answer.
 *
 * @internal
 */
final class CurlTransfer
{
    public readonly \CurlHandle $handle;
    /** @var list<string> */
    public array $head = [];
    public bool $hasHead = false;
    public bool $hasEnded = false;
    /** Why it ended badly. */
    public ?string $trouble = null;
    /** Of the body, not yet taken. */
    public string $received = '';

    public function __construct(Request $request)
    {
        $milliseconds = (int) max(1, $request->timeout * 1000);
        $this->handle = curl_init();
        curl_setopt_array($this->handle, [
            CURLOPT_URL => $request->url,
            CURLOPT_CUSTOMREQUEST => $request->method,
            CURLOPT_HTTPHEADER => [...$request->headerLines(), 'Expect:'],
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_CONNECTTIMEOUT_MS => $milliseconds,
            CURLOPT_HEADERFUNCTION => $this->takeHead(...),
            CURLOPT_WRITEFUNCTION => $this->takeBody(...),
        ]);
        if ($request->body !== '') {
            curl_setopt($this->handle, CURLOPT_POSTFIELDS, $request->body);
        }
        // A stream may take for ever, as long as something comes.
        curl_setopt_array($this->handle, $request->isStream
            ? [CURLOPT_LOW_SPEED_LIMIT => 1, CURLOPT_LOW_SPEED_TIME => (int) ceil($request->timeout)]
            : [CURLOPT_TIMEOUT_MS => $milliseconds]);
    }

    public function take(): string
    {
        [$piece, $this->received] = [$this->received, ''];
        return $piece;
    }

    public function end(int $result): void
    {
        $this->hasEnded = true;
        $this->trouble = $result === CURLE_OK ? null : (curl_error($this->handle) ?: (string) curl_strerror($result));
    }

    private function takeHead(\CurlHandle $handle, string $line): int
    {
        $this->head[] = $line;
        // An empty line ends a head; those of 1xx are followed by another.
        if (trim($line) === '') {
            $this->hasHead = curl_getinfo($handle, CURLINFO_RESPONSE_CODE) >= 200;
        }
        return strlen($line);
    }

    private function takeBody(\CurlHandle $handle, string $bytes): int
    {
        $this->received .= $bytes;
        return strlen($bytes);
    }
}
