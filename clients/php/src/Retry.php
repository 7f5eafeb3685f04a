<?php

declare(strict_types=1);

namespace Celerity;

use Celerity\Exception\ApiException;
use Celerity\Exception\NetworkException;

/** How often requests are made, and the pauses between: a random part of a time that doubles (full jitter). */
final class Retry
{
    /** The longest pause that a gateway can ask for, in seconds. */
    private const MAX_RETRY_AFTER = 60.0;

    /**
     * @param int $attempts how often a request is made at most; 1 never repeats it
     * @param float $firstDelay the longest pause before the second attempt, in seconds
     * @param float $maxDelay the longest pause of all, unless the gateway asks for a longer one
     */
    public function __construct(
        public readonly int $attempts = 4,
        public readonly float $firstDelay = 0.25,
        public readonly float $maxDelay = 10.0,
    ) {
    }

    /**
     * Makes the attempt until it succeeds, fails for good, or has been made often enough.
     *
     * @internal
     * @template T
     * @param \Closure(): T $attempt
     * @return T
     */
    public function run(\Closure $attempt): mixed
    {
        for ($failed = 1;; $failed++) {
            try {
                return $attempt();
            } catch (ApiException | NetworkException $error) {
                $this->pause($failed, $error);
            }
        }
    }

    /**
     * Waits before the next attempt, for `$least` or what the gateway asks for; or throws the error when there is none.
     *
     * @internal
     */
    public function pause(int $failed, ApiException|NetworkException $error, ?float $least = null): void
    {
        if ($failed >= $this->attempts || ($error instanceof ApiException && !$error->isTransient())) {
            throw $error;
        }
        $asked = $error instanceof ApiException ? $error->retryAfter : null;
        $delay = $this->delay($failed, max($asked ?? 0.0, $least ?? 0.0), random_int(0, 1_000_000) / 1_000_000);
        usleep((int) ($delay * 1_000_000));
    }

    /**
     * Seconds to wait after so many failures. `$random` is from 0 to 1.
     *
     * @internal
     */
    public function delay(int $failed, float $retryAfter, float $random): float
    {
        $most = min($this->maxDelay, $this->firstDelay * 2 ** ($failed - 1));
        return max($most * $random, min($retryAfter, self::MAX_RETRY_AFTER));
    }

    /**
     * Reads `Retry-After`: seconds, or a date.
     *
     * @internal
     */
    public static function parseRetryAfter(string $text, int $now): ?float
    {
        if (ctype_digit($text)) {
            return (float) $text;
        }
        $date = \DateTimeImmutable::createFromFormat('D, d M Y H:i:s \G\M\T', $text, new \DateTimeZone('UTC'));
        return $date === false ? null : (float) max(0, $date->getTimestamp() - $now);
    }
}
